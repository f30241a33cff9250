#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_receive
short_description: Receive the certificates of an edge from the issuing edge
version_added: 0.1.0
author: hardened.nginx_edge contributors (@hardened)
description:
  - With O(state=prepared), creates an SSH key for this host, and stores the SSH host keys of the issuing edge and the
    settings for C(nginx-edge receive), which a timer runs.
  - With O(state=received), does the same as that command. It fetches the certificates, checks each one like a provided
    certificate, switches to it by one rename, reloads nginx, and verifies that nginx serves it. If a certificate cannot
    be used, nginx keeps the previous one and the module fails.
  - Private keys are only sent over SSH and kept in memory until the checked certificate and key are written.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    support: full
    platforms: debian
options:
  state:
    description: Prepare this host to receive certificates, or receive them.
    type: str
    choices: [prepared, received]
    default: received
  issuing_edge:
    description: Name of the issuing edge; with O(state=prepared).
    type: str
  address:
    description: Name or address of its SSH server; with O(state=prepared).
    type: str
  port:
    description: Port of its SSH server.
    type: int
    default: 22
  host_keys:
    description: SSH host keys of the issuing edge, as type and public key. An empty list keeps the known ones.
    type: list
    elements: str
    default: []
  certificates:
    description:
      - The certificates to receive, as returned by M(hardened.nginx_edge.edge_config); with O(state=prepared).
    type: list
    elements: dict
    default: []
  remark:
    description: Additional text for error messages.
    type: str
    default: ""
  timeout:
    description: Seconds to wait after the reload until new workers answer, and until nginx serves the new certificates.
    type: int
    default: 30
seealso:
  - module: hardened.nginx_edge.edge_share
"""

EXAMPLES = r"""
- name: Prepare to receive certificates
  hardened.nginx_edge.edge_receive:
    state: prepared
    issuing_edge: edge-1
    address: 10.0.0.1
    host_keys: ["ssh-ed25519 AAAA"]
    certificates: "{{ __edge_plan.certificates | selectattr('source', 'equalto', 'received') }}"
  register: prepared

- name: Receive certificates
  hardened.nginx_edge.edge_receive:
"""

RETURN = r"""
key:
  description: The public key of this host; empty if check mode would create it.
  returned: success
  type: str
address:
  description: The source address of this host; with O(state=prepared).
  returned: success
  type: str
received:
  description: Names of the certificates that were replaced.
  returned: success
  type: list
  elements: str
"""

import socket
from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.certificates import local_edge
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders, Layout
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.receiving import (
    Settings,
    prepare,
    read_settings,
    receive,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.sharing import ACCOUNT


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["prepared", "received"], "default": "received"},
            "issuing_edge": {"type": "str"},
            "address": {"type": "str"},
            "port": {"type": "int", "default": 22},
            "host_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "certificates": {"type": "list", "elements": "dict", "default": []},
            "remark": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 30},
        },
        required_if=[("state", "prepared", ("issuing_edge", "address", "certificates"))],
        supports_check_mode=True,
    )
    params = module.params
    try:
        done = _prepare if params["state"] == "prepared" else _receive
        module.exit_json(**done(params, check=module.check_mode))
    except (EdgeError, OSError) as error:
        module.fail_json(msg="\n".join(filter(None, (str(error), params["remark"]))))


def _prepare(params: dict[str, Any], *, check: bool) -> dict[str, Any]:
    names = {item["name"]: list(item["names"]) for item in params["certificates"]}
    settings = Settings(params["issuing_edge"], params["address"], params["port"], ACCOUNT, names)
    changed, key = prepare(LocalHost(), settings, params["host_keys"], check=check)
    return {"changed": changed, "key": key, "address": own_address(settings), "received": []}


def own_address(settings: Settings) -> str:
    """The source address of this host towards the issuing edge; no packet is sent."""
    family, _kind, _protocol, _name, place = socket.getaddrinfo(
        settings.address, settings.port, type=socket.SOCK_DGRAM
    )[0]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(place)
        return str(probe.getsockname()[0])


def _receive(params: dict[str, Any], *, check: bool) -> dict[str, Any]:
    host, layout = LocalHost(), Layout()
    names = receive(
        host,
        local_edge(host, layout),
        layout,
        Folders(),
        settings=read_settings(host),
        now=datetime.now(timezone.utc),
        timeout=params["timeout"],
        check=check,
    )
    return {"changed": bool(names), "key": "", "address": "", "received": names}


if __name__ == "__main__":
    main()
