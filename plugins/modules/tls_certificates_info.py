#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_certificates_info
short_description: Compares the certificates on disk with those that an edge serves
version_added: 0.1.0
author: hardened.nginx_edge contributors (@hardened)
description:
  - For every certificate, reads the pair that C(/etc/nginx/tls/<name>) leads to, and asks the edge for its names over
    TLS on loopback.
  - With O(expect_served=true), waits until clients get what is on disk, and fails with the difference when they do not.
    A reload that returns success proves nothing.
  - A certificate of whose names no site has any is reported, and is no failure.
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
    description: Fail when a certificate on disk is not the one that is served.
    type: bool
    default: false
  timeout:
    description: Seconds to wait for the served certificates to become those on disk, with O(expect_served=true).
    type: int
    default: 15
  address:
    description: Address on which the edge is asked.
    type: str
    default: 127.0.0.1
  port:
    description: Port on which the edge is asked over TLS.
    type: int
    default: 443
seealso:
  - module: hardened.nginx_edge.tls_certificates
  - module: hardened.nginx_edge.certbot_certificates
"""

EXAMPLES = r"""
- name: Look at the certificates of an edge
  hardened.nginx_edge.tls_certificates_info:
    certificates:
      - name: api.example.com
        names: [api.example.com]
  register: look

- name: Fail unless clients get what is on disk
  hardened.nginx_edge.tls_certificates_info:
    certificates: "{{ __edge_plan.certificates }}"
    expect_served: true
"""

RETURN = r"""
stale:
  description: Names of the certificates for which clients get something else than what is on disk.
  returned: always
  type: list
  elements: str
  sample: [api.example.com]
certificates:
  description: What was found.
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
      description: Who signed it.
      type: str
      sample: C=US, O=Let's Encrypt, CN=E7
    self_signed:
      description: Whether it was signed by itself, as a placeholder is.
      type: bool
      sample: false
    serial:
      description: Serial number on disk, in hexadecimal; null when there is no pair that can be read.
      type: str
      sample: 49F8DE172B3447A7E2CC6A0E0A3C410C521B56E9
    not_after:
      description: End of validity in UTC.
      type: str
      sample: "2027-02-20T06:53:56Z"
    days_left:
      description: Whole days until then.
      type: int
      sample: 89
    served_serial:
      description: Serial number that clients get; null when they get no certificate.
      type: str
      sample: 49F8DE172B3447A7E2CC6A0E0A3C410C521B56E9
    current:
      description: Whether clients get what is on disk.
      type: bool
      sample: true
    problem:
      description: Why they do not, in one line; empty when they do.
      type: str
      sample: ""
"""

from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Host, LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import certificates as core
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import read_pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import (
    EdgeClient,
    LoopbackClient,
    Observation,
    handshake_for,
    observe,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.spec import certificates_argument


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
    edge = LoopbackClient(params["address"], https_port=params["port"])
    patience = params["timeout"] if params["expect_served"] else 0
    result = run(LocalHost(), edge, params["certificates"], patience)
    if params["expect_served"] and result["stale"]:
        lines = [f"{one['name']}: {one['problem']}" for one in result["certificates"] if one["name"] in result["stale"]]
        module.fail_json(msg="\n".join(["nginx does not serve the certificates on disk", *lines]), **result)
    module.exit_json(**result)


def run(host: Host, edge: EdgeClient, items: list[dict[str, Any]], patience: float) -> dict[str, Any]:
    folders = Folders()
    wanted = {item["name"]: core.Wanted.from_plan(item) for item in items}

    def look(name: str) -> Observation:
        names = wanted[name].names
        try:
            on_disk, damage = read_pair(host, folders.link(name)).certificate, ""
        except (EdgeError, OSError) as error:
            on_disk, damage = None, str(error)
        return Observation(name, names, on_disk, damage, handshake_for(edge, names))

    seen = observe(look, list(wanted), timeout=patience)
    now = datetime.now(timezone.utc)
    return {
        "changed": False,
        "certificates": [one.as_result(now) for one in seen],
        "stale": [one.name for one in seen if one.stale],
    }


if __name__ == "__main__":
    main()
