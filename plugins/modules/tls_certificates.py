#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_certificates
short_description: Install a usable certificate and key for every certificate of an edge
version_added: 0.1.0
author: hardened.nginx_edge contributors (@hardened)
description:
  - For every certificate, makes C(/etc/nginx/tls/<name>) a link to a directory with a pair of C(fullchain.pem) and
    C(privkey.pem).
  - A certificate with the source V(acme) gets a self-signed placeholder until it is issued, so that nginx can start and
    answer the challenge. An existing certbot lineage is used immediately. A placeholder never replaces a usable
    lineage.
  - If the pair in use and the lineage are both damaged, the best of the kept pairs replaces them.
  - A provided pair is checked before it is written. The key must match the certificate, and the certificate must cover
    the names and be valid now, because C(nginx -t) also accepts pairs that clients reject.
  - A link is switched by one rename. The pair that was in use before is kept.
  - All errors of all certificates are reported together, before anything is changed.
  - nginx is not reloaded; notify a handler to do so. RV(stale) lists the certificates that nginx does not serve yet.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
  - hardened.nginx_edge.certificates
options:
  replace:
    description:
      - Whether to replace pairs that nginx can load. With V(false), everything is checked, missing and damaged pairs
        are created, and the other certificates are listed in RV(postponed). This makes it possible to test the
        configuration before a working certificate is replaced.
    type: bool
    default: true
  https_port:
    description: HTTPS port on which the module compares the served certificates with those on disk.
    type: int
    default: 443
  known_current:
    description:
      - Names of the certificates that nginx served just before as they are on disk, as returned by
        M(hardened.nginx_edge.edge_probe). The module compares them again only if it changes them.
    type: list
    elements: str
    default: []
  facts:
    description: Also return the facts of M(hardened.nginx_edge.nginx_info), read after the changes of this module.
    type: dict
    suboptions:
      repository:
        description: Package source for a host that has no nginx yet.
        type: str
        choices: [distribution, nginx_org]
        default: distribution
      streams:
        description: If the stream module is not installed, ask the package manager whether it has the module.
        type: bool
        default: true
      test:
        description: Also test the live generation with C(nginx -t).
        type: bool
        default: false
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows states, dates and serial numbers, but never a key.
  idempotent:
    support: full
  platform:
    support: full
    platforms: debian
notes:
  - Self-signed certificates are valid for 397 days, and are replaced when fewer than 30 days are left.
  - Self-signed certificates require the program C(openssl) on the host.
seealso:
  - module: hardened.nginx_edge.certbot_certificates
  - module: hardened.nginx_edge.tls_certificates_info
"""

EXAMPLES = r"""
- name: Install certificates
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
  description: The result for each certificate; in check mode, the expected result. Without those in RV(postponed).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the certificate.
      type: str
      sample: api.example.com
    source:
      description: Source of the certificate in the plan.
      type: str
      sample: acme
    state:
      description: The kind of pair in use, one of V(placeholder), V(lineage), V(self_signed), V(received), V(provided).
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
      description: Serial number in hexadecimal; null for a pair that check mode would create.
      type: str
      sample: 49F8DE172B3447A7E2CC6A0E0A3C410C521B56E9
    not_after:
      description: End of validity in UTC; null for a pair that check mode would create.
      type: str
      sample: "2027-12-24T06:53:56Z"
postponed:
  description: Names of the certificates that were not replaced yet because of O(replace=false).
  returned: success
  type: list
  elements: str
  sample: [shop.example.com]
stale:
  description: Names of the certificates for which nginx serves a different certificate than the one on disk, after
    the changes of this module. A certificate whose names no site uses does not count. Empty in check mode.
  returned: success
  type: list
  elements: str
  sample: [api.example.com]
edge_warnings:
  description: Warnings, such as a certificate that expires soon; one line each.
  returned: success
  type: list
  elements: str
facts:
  description: What M(hardened.nginx_edge.nginx_info) returns.
  returned: with O(facts)
  type: dict
"""

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.facts import facts_options, read_facts
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.client import local_client
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Host
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders, Layout
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.unused import record_planned
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import certificates as core
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.decisions import Decision
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.reports import (
    certificate_result,
    describe,
    describe_current,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import (
    TlsClient,
    observe_wanted,
    stale_names,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.sources.registry import source_of
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.spec import certificates_argument
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "certificates": certificates_argument(),
            "replace": {"type": "bool", "default": True},
            "https_port": {"type": "int", "default": 443},
            "known_current": {"type": "list", "elements": "str", "default": []},
            "facts": {"type": "dict", "options": facts_options()},
        },
        supports_check_mode=True,
    )
    given = module.params
    wanted = [Wanted.from_plan(item) for item in given["certificates"]]
    host = LocalHost()
    edge = local_client(host, Layout(), https_port=given["https_port"])
    try:
        known, mode = given["known_current"], module.check_mode
        result = run(host, edge, Folders(), wanted, known_current=known, replace=given["replace"], check_mode=mode)
        if not module.check_mode:
            record_planned(host, [one.name for one in wanted if source_of(one.source).ordered])
        if given["facts"] is not None:
            result["facts"] = read_facts(host, Layout(), **given["facts"])
    except (EdgeError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def run(
    host: Host,
    edge: TlsClient,
    folders: Folders,
    wanted: list[Wanted],
    *,
    replace: bool,
    check_mode: bool,
    known_current: Sequence[str] = (),
) -> dict[str, Any]:
    """The result of the module.

    :param known_current: names of certificates that nginx served as they are on disk, just before.
    :raises EdgeError: a certificate cannot be used or installed.
    """
    decisions = core.decide_all(host, folders, wanted, datetime.now(timezone.utc))
    warnings = [one.wanted.error(EdgeError(text)) for one in decisions for text in one.warnings]
    postponed: list[Decision] = []
    if not replace:
        decisions, postponed = core.apart(host, folders, decisions)
    before = describe_current(host, folders, decisions)
    in_use = [decision.pair for decision in decisions] if check_mode else core.install_all(host, folders, decisions)
    reports = [certificate_result(decision, pair) for decision, pair in zip(decisions, in_use)]
    known = {*known_current}.difference(one.wanted.name for one in decisions if one.changes)
    unsure = [one for one in wanted if one.name not in known]
    return {
        "changed": any(decision.changes for decision in decisions),
        "certificates": reports,
        "postponed": [one.wanted.name for one in postponed],
        "stale": [] if check_mode else stale_names(observe_wanted(host, edge, folders, unsure)),
        "diff": {"before": before, "after": describe(reports)},
        "edge_warnings": warnings,
    }


if __name__ == "__main__":
    main()
