#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_share
short_description: Provide the issued certificates of this edge to other edges
version_added: 0.1.0
author: hardened.nginx_edge contributors (@hardened)
description:
  - Provides the issued certificates that nginx serves on this host, in a file that only root and the account
    C(nginx-edge-share) can read.
  - Writes the C(authorized_keys) file of that account. Each key allows only the command that prints the certificates,
    and only from one address.
  - The role C(share) creates the account.
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
  write_bundle:
    description: Provide the certificates that have been issued so far.
    type: bool
    default: true
  members:
    description: Names of all edges that may be authorized; the keys of others are removed.
    type: list
    elements: str
    required: true
  followers:
    description: The edges whose keys are known in this run.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Inventory name of the edge.
        type: str
        required: true
      key:
        description: Public key of the edge.
        type: str
        required: true
      address:
        description: Source address of the edge.
        type: str
        required: true
seealso:
  - module: hardened.nginx_edge.edge_receive
"""

EXAMPLES = r"""
- name: Authorize another edge
  hardened.nginx_edge.edge_share:
    members: [edge-2, edge-3]
    followers:
      - {name: edge-2, key: ssh-ed25519 AAAA, address: 10.0.0.2}
"""

RETURN = r"""
host_keys:
  description: Type and public key of each SSH host key of this host.
  returned: success
  type: list
  elements: str
  sample: ["ssh-ed25519 AAAA"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.sharing import (
    Follower,
    authorize,
    host_keys,
    write_bundle,
)


def main() -> None:
    """Entry point."""
    follower = {
        "name": {"type": "str", "required": True},
        "key": {"type": "str", "required": True, "no_log": False},  # the public half
        "address": {"type": "str", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "write_bundle": {"type": "bool", "default": True},
            "members": {"type": "list", "elements": "str", "required": True},
            "followers": {"type": "list", "elements": "dict", "default": [], "options": follower},
        },
        supports_check_mode=True,
    )
    params, host = module.params, LocalHost()
    followers = [Follower(item["name"], item["key"], item["address"]) for item in params["followers"]]
    try:
        changed = authorize(host, followers, params["members"], check=module.check_mode)
        if params["write_bundle"]:
            changed = write_bundle(host, Folders(), check=module.check_mode) or changed
    except (EdgeError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=changed, host_keys=host_keys(host))


if __name__ == "__main__":
    main()
