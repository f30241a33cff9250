#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_certificates_info
short_description: Compare the certificates on disk with those that an edge serves
version_added: 0.1.0
author: hardened.nginx_edge contributors (@hardened)
description:
  - For every certificate, reads the pair that C(/etc/nginx/tls/<name>) points to, and connects to the edge over TLS on
    loopback with the names of the certificate.
  - With O(expect_served=true), waits until nginx serves the certificates on disk, and fails with the differences if it
    does not. A reload that returns success does not prove this.
  - A certificate whose names no site uses is reported, but is not a failure.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
  - hardened.nginx_edge.certificates
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
  expect_served:
    description: Fail if nginx does not serve a certificate on disk.
    type: bool
    default: false
  timeout:
    description: Seconds to wait until nginx serves the certificates on disk, with O(expect_served=true).
    type: int
    default: 15
  address:
    description: Address to connect to.
    type: str
    default: 127.0.0.1
  port:
    description: Port to connect to over TLS.
    type: int
    default: 443
seealso:
  - module: hardened.nginx_edge.tls_certificates
  - module: hardened.nginx_edge.certbot_certificates
"""

EXAMPLES = r"""
- name: Get the certificates of an edge
  hardened.nginx_edge.tls_certificates_info:
    certificates:
      - name: api.example.com
        names: [api.example.com]
  register: look

- name: Fail if nginx does not serve the certificates on disk
  hardened.nginx_edge.tls_certificates_info:
    certificates: "{{ __edge_plan.certificates }}"
    expect_served: true
"""

RETURN = r"""
stale:
  description: Names of the certificates that differ between disk and nginx.
  returned: always
  type: list
  elements: str
  sample: [api.example.com]
certificates:
  description: Facts about each certificate.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the certificate.
      type: str
      sample: api.example.com
    names:
      description: Names in the certificate.
      type: list
      elements: str
      sample: [api.example.com]
    issuer:
      description: Issuer of the certificate.
      type: str
      sample: C=US, O=Let's Encrypt, CN=E7
    self_signed:
      description: Whether the certificate is self-signed, such as a placeholder.
      type: bool
      sample: false
    serial:
      description: Serial number on disk, in hexadecimal; null if there is no readable pair.
      type: str
      sample: 49F8DE172B3447A7E2CC6A0E0A3C410C521B56E9
    not_after:
      description: End of validity in UTC.
      type: str
      sample: "2027-02-20T06:53:56Z"
    days_left:
      description: Whole days until the end of validity.
      type: int
      sample: 89
    served_serial:
      description: Serial number of the served certificate; null if none is served.
      type: str
      sample: 49F8DE172B3447A7E2CC6A0E0A3C410C521B56E9
    current:
      description: Whether nginx serves the certificate on disk.
      type: bool
      sample: true
    problem:
      description: Why nginx does not serve it, in one line; empty if it does.
      type: str
      sample: ""
"""

from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.client import local_client
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Host
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders, Layout
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import (
    EdgeClient,
    observe_wanted,
    stale_names,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.spec import certificates_argument
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "certificates": certificates_argument(),
            "expect_served": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 15},
            "address": {"type": "str", "default": "127.0.0.1"},
            "port": {"type": "int", "default": 443},
        },
        supports_check_mode=True,
    )
    params = module.params
    host = LocalHost()
    edge = local_client(host, Layout(), address=params["address"], https_port=params["port"])
    patience = params["timeout"] if params["expect_served"] else 0
    result = run(host, edge, params["certificates"], patience)
    if params["expect_served"] and result["stale"]:
        lines = [f"{one['name']}: {one['problem']}" for one in result["certificates"] if one["name"] in result["stale"]]
        module.fail_json(msg="\n".join(["nginx does not serve the certificates on disk", *lines]), **result)
    module.exit_json(**result)


def run(host: Host, edge: EdgeClient, items: list[dict[str, Any]], patience: float) -> dict[str, Any]:
    seen = observe_wanted(host, edge, Folders(), [Wanted.from_plan(item) for item in items], timeout=patience)
    now = datetime.now(timezone.utc)
    return {
        "changed": False,
        "certificates": [one.as_result(now) for one in seen],
        "stale": stale_names(seen),
    }


if __name__ == "__main__":
    main()
