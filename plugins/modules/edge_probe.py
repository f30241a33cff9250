#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_probe
short_description: Probe the sites of an edge and report which ones regressed
version_added: 0.1.0
author: hardened.nginx_edge contributors (@hardened)
description:
  - Sends one request to every site over loopback, several in parallel. Records the certificate and the status of each
    site, and the generation that answers. One task probes all sites.
  - With O(expect_healthy=true), fails if the run may have broken something. A failed handshake, a certificate that
    differs from the one on disk, and a generation that is not the live one are always failures. A missing answer or
    an unhealthy status is a failure only if the site was healthy in O(before). Sites that were unhealthy before are
    reported, but are not a failure.
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
    description: The sites to probe, as returned by M(hardened.nginx_edge.edge_config).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the site. For a wildcard, a name below it is requested.
        type: str
        required: true
      https:
        description: Whether to probe the site over TLS.
        type: bool
        default: true
      certificate:
        description: Name of its certificate, with O(sites[].https=true).
        type: str
        default: ""
      path:
        description: Path to request.
        type: str
        default: /
      status:
        description: Statuses of a healthy site. An empty list accepts every status below 500.
        type: list
        elements: int
        default: []
      address:
        description: Address of this host on which the site is served.
        type: str
        default: 127.0.0.1
      port:
        description: Port of the site; the default is O(https_port) or O(http_port).
        type: int
  before:
    description: The value of RV(sites) from before the edge was changed.
    type: dict
    default: {}
  expect_healthy:
    description: Fail if sites regressed.
    type: bool
    default: false
  timeout:
    description: Seconds to wait for the response of each site.
    type: int
    default: 5
  retry_timeout:
    description: Seconds for which sites that regressed are probed again.
    type: int
    default: 10
  http_port:
    description: Port for HTTP.
    type: int
    default: 80
  https_port:
    description: Port for HTTPS.
    type: int
    default: 443
  status_port:
    description: Port of the status server on loopback, which returns the generation.
    type: int
    default: 8090
seealso:
  - module: hardened.nginx_edge.tls_certificates_info
"""

EXAMPLES = r"""
- name: Probe all sites
  hardened.nginx_edge.edge_probe:
    sites: "{{ __edge_plan.sites }}"
  register: before

- name: Fail if sites regressed
  hardened.nginx_edge.edge_probe:
    sites: "{{ __edge_plan.sites }}"
    before: "{{ before.sites }}"
    expect_healthy: true
"""

RETURN = r"""
answers:
  description: The generation that answers, or null.
  returned: always
  type: str
live:
  description: The generation that C(nginx.conf) points to; null before the first one.
  returned: always
  type: str
sites:
  description: >-
    For each site, its C(status) (null without an answer) and its C(problem) (empty if the site is healthy).
  returned: always
  type: dict
  sample: {api.example.com: {status: 502, problem: answers 502}}
certificates_until:
  description: Earliest expiry of the served certificates, in UTC; null if none was served. Placeholders do not count.
  returned: always
  type: str
current:
  description: Names of the certificates that nginx serves as they are on disk, on all of their sites.
  returned: always
  type: list
  elements: str
  sample: [api.example.com]
problems:
  description: The regressions, one line each.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import answering_generation
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import live_name
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
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
        "address": {"type": "str", "default": "127.0.0.1"},
        "port": {"type": "int"},
    }
    module = AnsibleModule(
        argument_spec={
            "sites": {"type": "list", "elements": "dict", "required": True, "options": site},
            "before": {"type": "dict", "default": {}},
            "expect_healthy": {"type": "bool", "default": False},
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
    retry_timeout = params["retry_timeout"] if params["expect_healthy"] else 0
    findings = find_all(look, sites, params["before"], retry_timeout=retry_timeout)
    result, problems = module_result(
        findings, params["before"], answering_generation(host, params["status_port"]), live_name(host, Layout())
    )
    if params["expect_healthy"] and problems:
        module.fail_json(msg="\n".join(["sites regressed in this run:", *problems]), **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
