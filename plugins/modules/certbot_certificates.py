#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certbot_certificates
short_description: Issue certificates with certbot and make them available to nginx
version_added: 0.1.0
author: hardened.nginx_edge contributors (@hardened)
description:
  - For every certificate with the source V(acme), compares the certbot lineage with the requested certificate. Orders a
    certificate if the lineage is missing, damaged or expired, if its names or its key changed, if another ACME server
    issued it, or if its renewal settings differ. Otherwise, certbot is not started.
  - Before an order, the module fetches a token through the edge under each name and resolves the names, because failed
    orders count against the rate limits of the ACME server. With the challenge V(dns-01), these checks are skipped.
  - If the ACME server does not know the account any more, the account is moved away and certbot registers a new one.
  - A damaged lineage is moved away as well, and the certificate is ordered again.
  - Afterwards, C(/etc/nginx/tls/<name>) is a link to a copy of the lineage, switched by one rename. nginx is not
    reloaded. RV(stale) lists the certificates that nginx does not serve yet.
  - If a certificate cannot be issued, the other certificates are still issued. All errors are reported together at the
    end, with certbot's messages, and the edge keeps its current certificate and key.
  - The timer renews certificates. If the last renewal of a certificate failed, the module reports the error of certbot
    as a warning and orders the certificate, unless a rate limit of the ACME server was reached. If that fails, too, the
    module does not fail, because the current certificate is still valid.
  - A certificate is unused if neither the model nor the live generation of the host refers to it. After
    O(keep_unused_days) days its lineage is removed, so that certbot does not renew it any more. Only lineages that this
    collection deployed are removed.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
  - hardened.nginx_edge.certificates
attributes:
  check_mode:
    support: full
    details: Orders nothing; certbot does not need to be installed. The diff shows what would be ordered, and why.
  diff_mode:
    support: full
    details: Shows names, dates and serial numbers, but never a key.
  idempotent:
    support: full
  platform:
    support: full
    platforms: debian
options:
  acme:
    description: The ACME server and the account.
    type: dict
    required: true
    suboptions:
      directory_url:
        description: URL of the ACME server's directory.
        type: str
        required: true
      email:
        description: Contact address of the account. Without it, the account is registered without an address.
        type: str
      ca_bundle:
        description: File on the host with the CA certificates that verify the TLS certificate of a private ACME server.
        type: path
      agree_tos:
        description: Whether you agree to the terms of service of the ACME server. If not, nothing is ordered.
        type: bool
        default: false
      eab:
        description: External account binding, which binds the account to a customer when it is registered.
        type: dict
        suboptions:
          kid:
            description: Key identifier.
            type: str
            required: true
          hmac_key:
            description:
              - HMAC key in base64url. certbot reads it from a temporary file that only root can read.
              - The default is the key in the variable C(edge_acme).
            type: str
  check_names:
    description: Whether to resolve the names on this host before an order. A name without an address is an error, and a
      name that resolves to another host is a warning.
    type: bool
    default: true
  keep_unused_days:
    description: Days for which a certificate that is no longer in use is still renewed. Then its lineage is removed.
    type: int
    default: 30
  http_port:
    description: HTTP port on which the module tests the challenge through the edge before an order.
    type: int
    default: 80
  https_port:
    description: HTTPS port on which the module compares the served certificates with those on disk.
    type: int
    default: 443
  webroot:
    description: Directory from which the edge serves the challenge files.
    type: path
    default: /var/lib/nginx-edge/acme
seealso:
  - module: hardened.nginx_edge.tls_certificates
  - module: hardened.nginx_edge.tls_certificates_info
"""

EXAMPLES = r"""
- name: Issue missing and changed certificates
  hardened.nginx_edge.certbot_certificates:
    certificates:
      - name: api.example.com
        names: [api.example.com, www.example.com]
    acme:
      directory_url: https://acme-v02.api.letsencrypt.org/directory
      email: ops@example.com
      agree_tos: true
  notify: hardened.nginx_edge reload
"""

RETURN = r"""
edge_warnings:
  description: Warnings, such as a failed renewal or a name that resolves to another host; one line each.
  returned: always
  type: list
  elements: str
stale:
  description: Names of the certificates for which nginx serves a different certificate than the one on disk, after
    the changes of this module. A certificate whose names no site uses does not count. Empty in check mode.
  returned: always
  type: list
  elements: str
  sample: [api.example.com]
certificates:
  description: The result for each certificate with the source V(acme); on failure, for those that did not fail.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the certificate.
      type: str
      sample: api.example.com
    state:
      description: One of V(issued), V(kept), or in check mode V(wanted).
      type: str
      sample: issued
    changed:
      description: Whether it was issued, nginx's link was switched to it, or its DNS credentials were written.
      type: bool
      sample: true
    reasons:
      description: Why the certificate was ordered, or would be.
      type: list
      elements: str
      sample: [not issued yet]
    names:
      description: Names in the certificate; the requested names if there is no certificate.
      type: list
      elements: str
      sample: [api.example.com]
    serial:
      description: Serial number in hexadecimal; null if there is no certificate yet.
      type: str
      sample: 03AB51E5F8E3B1E9C2A7D1
    not_after:
      description: End of validity in UTC; null if there is no certificate yet.
      type: str
      sample: "2027-02-20T06:53:56Z"
"""

from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.directory import Authority
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.issue import Issuer, describe
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.client import local_client
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders, Layout
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation import unused
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.repair import failures_of, settle
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.certificates import raise_all
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import (
    observe_wanted,
    stale_names,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.sources.registry import source_of
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.spec import certificates_argument
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted

LAYOUT = Layout()
ACME_OPTIONS: dict[str, Any] = {
    "directory_url": {"type": "str", "required": True},
    "email": {"type": "str"},
    "ca_bundle": {"type": "path"},
    "agree_tos": {"type": "bool", "default": False},
    "eab": {
        "type": "dict",
        "options": {"kid": {"type": "str", "required": True}, "hmac_key": {"type": "str", "no_log": True}},
    },
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "certificates": certificates_argument(),
            "acme": {"type": "dict", "required": True, "options": ACME_OPTIONS},
            "check_names": {"type": "bool", "default": True},
            "keep_unused_days": {"type": "int", "default": unused.KEEP_DAYS},
            "http_port": {"type": "int", "default": 80},
            "https_port": {"type": "int", "default": 443},
            "webroot": {"type": "path", "default": "/var/lib/nginx-edge/acme"},
        },
        supports_check_mode=True,
    )
    params = module.params
    host, folders = LocalHost(), Folders()
    issuer = Issuer(
        host=host,
        edge=local_client(host, Layout(), http_port=params["http_port"], https_port=params["https_port"]),
        authority=Authority.from_plan(params["acme"]),
        webroot=params["webroot"],
        folders=folders,
        check_mode=module.check_mode,
        check_names=params["check_names"],
        failures=failures_of(host, folders),
    )
    wanted = [Wanted.from_plan(item) for item in params["certificates"]]
    try:
        result, problems = run(issuer, wanted, keep_days=params["keep_unused_days"])
    except OSError as error:
        module.fail_json(msg=str(error))
    try:
        raise_all(problems, "could not be issued; the edge keeps its certificates")
    except EdgeError as error:
        module.fail_json(msg=str(error), **result)
    module.exit_json(**result)


def run(
    issuer: Issuer, wanted: list[Wanted], layout: Layout = LAYOUT, *, keep_days: int = unused.KEEP_DAYS
) -> tuple[dict[str, Any], list[str]]:
    """The result of the module, and the errors of the certificates that failed."""
    ordered = [one for one in wanted if source_of(one.source).ordered]
    outcomes, problems = issuer.issue_all(ordered, datetime.now(timezone.utc))
    seen = [] if issuer.check_mode else observe_wanted(issuer.host, issuer.edge, issuer.folders, wanted)
    before, after = describe(outcomes, issuer.authority)
    lines, removed = unused.tidy(
        issuer.host,
        layout,
        issuer.folders,
        [one.name for one in ordered],
        keep_days=keep_days,
        check=issuer.check_mode,
    )
    waiting = {outcome.wanted.name for outcome in outcomes if outcome.changed}
    deployed = not problems and not issuer.check_mode and waiting.issuperset(stale_names(seen))
    warnings = settle(
        issuer.host,
        issuer.folders,
        wanted,
        repeated={outcome.wanted.name: outcome.failure for outcome in outcomes if outcome.failure},
        deployed=deployed,
        check=issuer.check_mode,
    )
    warnings += [outcome.wanted.error(EdgeError(text)) for outcome in outcomes for text in outcome.warnings]
    result = {
        "changed": removed or any(outcome.changed for outcome in outcomes),
        "certificates": [outcome.as_result() for outcome in outcomes],
        "stale": stale_names(seen),
        "diff": {"before": before, "after": after},
        "edge_warnings": [*warnings, *lines],
    }
    return result, problems


if __name__ == "__main__":
    main()
