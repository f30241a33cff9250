#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_probe
short_description: Asks every site of an edge, and tells what got worse
version_added: 0.1.0
author: hardened.nginx_edge contributors (@hardened)
description:
  - Asks every site once over loopback, a few at a time, for the certificate that it shows and the status that it
    answers, and the edge for its generation. It is one call, whatever the number of sites.
  - With O(expect_well=true) it fails for what a run can have broken. A handshake that fails, a certificate that is not
    the one on disk, and a generation that is not the live one always count. No answer, and a status that means that a
    site is not well, count where O(before) has the same site as well; backends that were down before are told, and are
    no failure.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
attributes:
  check_mode:
    support: full
    details: This module only reads.
  diff_mode:
    support: none
    details: This module only reads.
  idempotent:
    support: full
    details: This module only reads.
  platform:
    support: full
    platforms: debian
options:
  sites:
    description: What is asked, as the plan of M(hardened.nginx_edge.edge_config) has it.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the site; for a wildcard a name below it is asked for.
        type: str
        required: true
      https:
        description: Whether it is asked over TLS.
        type: bool
        default: true
      certificate:
        description: Name of its certificate, with O(sites[].https=true).
        type: str
        default: ""
      path:
        description: What is asked for.
        type: str
        default: /
      status:
        description: Statuses that mean that it is well; none stands for all below 500.
        type: list
        elements: int
        default: []
  before:
    description: What RV(sites) was before the edge was changed.
    type: dict
    default: {}
  expect_well:
    description: Fail for what got worse.
    type: bool
    default: false
  timeout:
    description: Seconds in which each site has to answer.
    type: int
    default: 5
  retry_timeout:
    description: Seconds for which what got worse is asked again.
    type: int
    default: 10
  http_port:
    description: Port of plain HTTP.
    type: int
    default: 80
  https_port:
    description: Port of TLS.
    type: int
    default: 443
  status_port:
    description: Loopback port on which the generation answers.
    type: int
    default: 8090
seealso:
  - module: hardened.nginx_edge.tls_certificates_info
"""

EXAMPLES = r"""
- name: Look at every site
  hardened.nginx_edge.edge_probe:
    sites: "{{ __edge_plan.sites }}"
  register: before

- name: Fail where the edge serves worse than it did
  hardened.nginx_edge.edge_probe:
    sites: "{{ __edge_plan.sites }}"
    before: "{{ before.sites }}"
    expect_well: true
"""

RETURN = r"""
answers:
  description: The generation that answers; null when none does.
  returned: always
  type: str
live:
  description: The generation that C(nginx.conf) leads to; null before the first.
  returned: always
  type: str
sites:
  description: >-
    For each site its C(status) (null when it gave none), and the C(problem) that it has (empty when it is well).
  returned: always
  type: dict
  sample: {api.example.com: {status: 502, problem: answers 502}}
certificates_until:
  description: When the first of the certificates that were shown expires, in UTC; null when none was shown.
  returned: always
  type: str
problems:
  description: What got worse, one line each.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import answering_generation
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import live_name
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders, Layout
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.probe import (
    Finding,
    LocalWeb,
    ProbedSite,
    find,
    find_all,
    module_result,
)


def main() -> None:
    """Entry point."""
    site: dict[str, Any] = {
        "name": {"type": "str", "required": True},
        "https": {"type": "bool", "default": True},
        "certificate": {"type": "str", "default": ""},
        "path": {"type": "str", "default": "/"},
        "status": {"type": "list", "elements": "int", "default": []},
    }
    module = AnsibleModule(
        argument_spec={
            "sites": {"type": "list", "elements": "dict", "required": True, "options": site},
            "before": {"type": "dict", "default": {}},
            "expect_well": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 5},
            "retry_timeout": {"type": "int", "default": 10},
            "http_port": {"type": "int", "default": 80},
            "https_port": {"type": "int", "default": 443},
            "status_port": {"type": "int", "default": 8090},
        },
        supports_check_mode=True,
    )
    params = module.params
    host, folders = LocalHost(), Folders()
    web = LocalWeb(params["http_port"], params["https_port"], params["timeout"])

    def look(one: ProbedSite) -> Finding:
        return find(host, folders, web, one)

    sites = [ProbedSite.from_plan(item) for item in params["sites"]]
    retry_timeout = params["retry_timeout"] if params["expect_well"] else 0
    findings = find_all(look, sites, params["before"], retry_timeout=retry_timeout)
    result, problems = module_result(
        findings, params["before"], answering_generation(host, params["status_port"]), live_name(host, Layout())
    )
    if params["expect_well"] and problems:
        module.fail_json(msg="\n".join(["sites regressed in this run:", *problems]), **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
