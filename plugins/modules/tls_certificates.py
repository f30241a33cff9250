#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_certificates
short_description: Gives every certificate of an edge a pair that nginx can start with
version_added: 0.1.0
author: hardened.nginx_edge contributors (@hardened)
description:
  - Makes C(/etc/nginx/tls/<name>) a link to a folder with C(fullchain.pem) and C(privkey.pem), for every certificate.
  - A certificate from ACME gets a self-signed placeholder until it is issued, so that nginx can start and answer the
    challenge. A lineage of certbot that is there is used at once, and never replaced by a placeholder while it works.
  - Where the pair in use and the lineage are both damaged, the best of the pairs that were kept takes their place.
  - A provided pair is checked before it is written. The key has to belong to the certificate, the names have to be
    covered, and the dates have to be good, for C(nginx -t) passes a pair that refuses every client.
  - A link is switched by one rename; the pair before the one in use is kept.
  - All errors of all certificates come together, before anything is changed.
  - nginx is not reloaded; notify a handler.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
  - hardened.nginx_edge.certificates
options:
  replace:
    description:
      - Whether pairs that nginx could load are replaced. With V(false), everything is checked all the same, what is
        missing or damaged is made, and the rest is in RV(postponed). So a configuration that nginx refuses can be found
        before a certificate is changed.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows states, dates and serials, and never a key.
  idempotent:
    support: full
  platform:
    support: full
    platforms: debian
notes:
  - Self-signed pairs are good for 397 days, and made anew when fewer than 30 are left.
  - The program C(openssl) is needed on the host to make a self-signed pair.
seealso:
  - module: hardened.nginx_edge.certbot_certificates
  - module: hardened.nginx_edge.tls_certificates_info
"""

EXAMPLES = r"""
- name: Give every certificate a pair that works
  hardened.nginx_edge.tls_certificates:
    certificates:
      - name: api.example.com
        names: [api.example.com, www.example.com]
      - name: shop.example.com
        source: provided
        names: [shop.example.com]
        fullchain: tls/shop.example.com.pem
        privkey: tls/shop.example.com.key
  notify: hardened.nginx_edge reload
"""

RETURN = r"""
certificates:
  description: What each certificate has now; in check mode, what it would have. Those in RV(postponed) are left out.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the certificate.
      type: str
      sample: api.example.com
    source:
      description: Where the certificate comes from by the plan.
      type: str
      sample: acme
    state:
      description: What is in use, one of V(placeholder), V(lineage), V(self_signed), V(received) and V(provided).
      type: str
      sample: placeholder
    changed:
      description: Whether this certificate was changed.
      type: bool
      sample: true
    names:
      description: Names in the certificate.
      type: list
      elements: str
      sample: [api.example.com]
    serial:
      description: Serial number in hexadecimal; null for a pair that check mode would make.
      type: str
      sample: 49F8DE172B3447A7E2CC6A0E0A3C410C521B56E9
    not_after:
      description: End of validity in UTC; null for a pair that check mode would make.
      type: str
      sample: "2027-12-24T06:53:56Z"
postponed:
  description: Names of the certificates whose pair was not replaced yet, with O(replace=false).
  returned: success
  type: list
  elements: str
  sample: [shop.example.com]
edge_warnings:
  description: Warnings, such as a certificate that expires soon; one line each.
  returned: success
  type: list
  elements: str
"""

from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Host, LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import certificates as core
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.reports import (
    certificate_result,
    describe,
    describe_current,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.spec import certificates_argument


def main() -> None:
    module = AnsibleModule(
        argument_spec={"certificates": certificates_argument(), "replace": {"type": "bool", "default": True}},
        supports_check_mode=True,
    )
    given = module.params
    try:
        result = run(LocalHost(), given["certificates"], replace=given["replace"], check_mode=module.check_mode)
    except EdgeError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def run(host: Host, items: list[dict[str, Any]], *, replace: bool, check_mode: bool) -> dict[str, Any]:
    folders = Folders()
    wanted = [core.Wanted.from_plan(item) for item in items]
    decisions = core.decide_all(host, folders, wanted, datetime.now(timezone.utc))
    warnings = [one.wanted.error(EdgeError(text)) for one in decisions for text in one.warnings]
    postponed: list[core.Decision] = []
    if not replace:
        decisions, postponed = core.apart(host, folders, decisions)
    before = describe_current(host, folders, decisions)
    in_use = [decision.pair for decision in decisions] if check_mode else core.install_all(host, folders, decisions)
    reports = [certificate_result(decision, pair) for decision, pair in zip(decisions, in_use)]
    return {
        "changed": any(decision.changes for decision in decisions),
        "certificates": reports,
        "postponed": [one.wanted.name for one in postponed],
        "diff": {"before": before, "after": describe(reports)},
        "edge_warnings": warnings,
    }


if __name__ == "__main__":
    main()
