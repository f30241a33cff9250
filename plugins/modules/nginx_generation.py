#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_generation
short_description: Deploy an nginx configuration by one rename, after nginx tested it
version_added: 0.1.0
description:
  - Writes a configuration next to the live one, tests it with nginx, checks that its sockets are available, and makes
    it live by one rename. If a step fails, the previous configuration stays live.
  - M(hardened.nginx_edge.edge_config) calls this module. M(hardened.nginx_edge.nginx_reload) makes nginx load the new
    generation.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    support: full
    platforms: debian
options:
  payload:
    description: Compressed JSON with the files of the generation, as created by M(hardened.nginx_edge.edge_config).
    type: str
    required: true
  allow_restart:
    description: Accept a change of listening addresses or modules that only a restart of nginx can apply.
    type: bool
    default: false
  user_files:
    description:
      - Names and contents of the password files below C(/etc/nginx/users) that the generation uses.
    type: dict
    default: {}
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Deploy a configuration (edge_config does this)
  hardened.nginx_edge.nginx_generation:
    payload: "{{ payload }}"
"""

RETURN = r"""
generation:
  description: Name of the generation that is live now; in check mode, the name that it would have.
  returned: success
  type: str
previous:
  description: Name of the generation that was live before, or null.
  returned: success
  type: str
tested:
  description: Whether nginx tested the configuration; false only in check mode on a host without nginx.
  returned: success
  type: bool
changes:
  description:
    - For C(sites) and C(streams), the names of those C(added), C(changed) and C(removed), and whether the C(shared)
      configuration changes.
    - Empty if nothing changes.
  returned: success
  type: dict
edge_warnings:
  description: Warnings of nginx about the configuration, each with its path in the model if it is known.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import unpack
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Layout


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "payload": {"type": "str", "required": True},
            "allow_restart": {"type": "bool", "default": False},
            "user_files": {"type": "dict", "default": {}, "no_log": True},
        },
        supports_check_mode=True,
    )
    try:
        outcome = deploy(
            LocalHost(),
            Layout(),
            unpack(module.params["payload"]),
            check=module.check_mode,
            allow_restart=module.params["allow_restart"],
            user_files=module.params["user_files"],
        )
    except (EdgeError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=outcome.changed,
        generation=outcome.name,
        previous=outcome.previous,
        tested=outcome.name is not None,
        changes=dict(outcome.changes),
        edge_warnings=list(outcome.warnings),
        diff=outcome.diff,
    )


if __name__ == "__main__":
    main()
