#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certbot_certificates
short_description: Has certificates issued by an ACME authority through certbot, and gives them to nginx
version_added: 0.1.0
author: hardened.nginx_edge contributors (@hardened)
description:
  - For every certificate with the source V(acme), compares the lineage of certbot with what is wanted, and asks the
    authority when it is missing, damaged or expired, when names or key changed, or when it came from another authority
    or would be renewed in another way. Otherwise certbot is not even started.
  - Before the authority is asked, a token is fetched through the edge itself under each name and the names are looked
    up, for the failures of an authority count against its limits. With the challenge V(dns-01) the plugin does it all.
  - An account that the authority has forgotten is set aside, and certbot registers a new one.
  - A damaged lineage is set aside as well, and issued anew.
  - Afterwards C(/etc/nginx/tls/<name>) leads to a copy of the lineage, switched by one rename. nginx is not reloaded.
  - When one certificate cannot be had, the others are issued all the same; all errors come together at the end, in
    certbot's own words, and the edge keeps the pair that it has.
  - Renewal is not done here; it is the timer's work.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
  - hardened.nginx_edge.certificates
attributes:
  check_mode:
    support: full
    details: Nothing is ordered; certbot need not be installed yet. The difference says what would be ordered, and why.
  diff_mode:
    support: full
    details: Shows names, dates and serials, and never a key.
  idempotent:
    support: full
  platform:
    support: full
    platforms: debian
options:
  acme:
    description: The authority, and the account there.
    type: dict
    required: true
    suboptions:
      directory_url:
        description: URL of the directory of the authority.
        type: str
        required: true
      email:
        description: Address that the authority may write to; an account without one is made when it is not given.
        type: str
      ca_bundle:
        description: File on the host with the certificates by which a private authority itself is trusted.
        type: path
      agree_tos:
        description: Whether you agree to the terms of service of the authority; without, nothing is asked.
        type: bool
        default: false
      eab:
        description: External account binding, which ties the account to a customer when it is registered.
        type: dict
        suboptions:
          kid:
            description: Identifier of the key.
            type: str
            required: true
          hmac_key:
            description:
              - The key in base64url. certbot reads it from a file for root alone, which is removed again.
              - Where it is missing, that of the variable C(edge_acme) is taken.
            type: str
  check_names:
    description: Whether to look the names up before the authority is asked, as this host does; a name without an
      address is an error, and one that leads elsewhere is told.
    type: bool
    default: true
  http_port:
    description: Port on which the edge is asked for a challenge over plain HTTP, before the authority is.
    type: int
    default: 80
  webroot:
    description: Folder that the edge serves the challenges from.
    type: path
    default: /var/lib/nginx-edge/acme
seealso:
  - module: hardened.nginx_edge.tls_certificates
  - module: hardened.nginx_edge.tls_certificates_info
"""

EXAMPLES = r"""
- name: Have every certificate issued that needs it
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
  description: Warnings, such as a name that resolves to another host; one line each.
  returned: always
  type: list
  elements: str
certificates:
  description: What became of each certificate from ACME; on failure, of those that did not fail.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the certificate.
      type: str
      sample: api.example.com
    state:
      description: One of V(issued), V(kept), and in check mode V(wanted).
      type: str
      sample: issued
    changed:
      description: Whether it was issued, nginx's link was switched to it, or its credentials for the DNS were written.
      type: bool
      sample: true
    reasons:
      description: Why the authority was asked, or would be.
      type: list
      elements: str
      sample: [not issued yet]
    names:
      description: Names in the certificate; those that are wanted when there is none.
      type: list
      elements: str
      sample: [api.example.com]
    serial:
      description: Serial number in hexadecimal; null when there is no certificate yet.
      type: str
      sample: 03AB51E5F8E3B1E9C2A7D1
    not_after:
      description: End of validity in UTC; null when there is no certificate yet.
      type: str
      sample: "2027-02-20T06:53:56Z"
"""

from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.directory import Authority
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.issue import Issuer, describe
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.certificates import Wanted, raise_all
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import LoopbackClient
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.spec import certificates_argument

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
            "http_port": {"type": "int", "default": 80},
            "webroot": {"type": "path", "default": "/var/lib/nginx-edge/acme"},
        },
        supports_check_mode=True,
    )
    params = module.params
    issuer = Issuer(
        host=LocalHost(),
        edge=LoopbackClient(http_port=params["http_port"]),
        authority=Authority.from_plan(params["acme"]),
        webroot=params["webroot"],
        folders=Folders(),
        check_mode=module.check_mode,
        check_names=params["check_names"],
    )
    wanted = [Wanted.from_plan(item) for item in params["certificates"] if item["source"] == "acme"]
    outcomes, problems = issuer.issue_all(wanted, datetime.now(timezone.utc))
    before, after = describe(outcomes, issuer.authority)
    result = {
        "changed": any(outcome.changed for outcome in outcomes),
        "certificates": [outcome.as_result() for outcome in outcomes],
        "diff": {"before": before, "after": after},
        "edge_warnings": [outcome.wanted.error(EdgeError(text)) for outcome in outcomes for text in outcome.warnings],
    }
    try:
        raise_all(problems, "could not be issued; the edge keeps its certificates")
    except EdgeError as error:
        module.fail_json(msg=str(error), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
