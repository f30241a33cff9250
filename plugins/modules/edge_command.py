#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_command
short_description: Install the nginx-edge command on an edge
version_added: 0.1.0
description:
  - Installs the command C(/usr/local/sbin/nginx-edge), and its library below C(/usr/local/lib/nginx-edge). The command
    lists the generations of an edge and rolls back to one of them.
  - The command uses the same code as the modules of this collection and requires only the Python of the host.
  - C(nginx-edge rollback) does the same as M(hardened.nginx_edge.nginx_rollback), on a host that Ansible cannot reach.
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
  version:
    description:
      - Name of the directory of the library, which identifies its code. By default, the digest of the code.
      - M(hardened.nginx_edge.edge_config) returns the name for the code of this collection, and whether the host has
        it.
    type: str
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Install the nginx-edge command
  hardened.nginx_edge.edge_command:
"""

RETURN = r"""
path:
  description: Path of the command.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli import main as command
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.install import install, sources
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import COMMAND


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec={"version": {"type": "str"}}, supports_check_mode=True)
    try:
        # Ansible packs everything that the command imports, including sub-packages.
        core = command.__name__.removesuffix(".cli.main")
        changed = install(LocalHost(), sources(core), check=module.check_mode, version=module.params["version"])
    except (EdgeError, OSError) as error:
        module.fail_json(msg=str(error))
    changed = module.set_mode_if_different(COMMAND, 0o755, changed)
    module.exit_json(changed=changed, path=COMMAND)


if __name__ == "__main__":
    main()
