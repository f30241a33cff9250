#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_rollback
short_description: Make an older generation of the edge's configuration live again
version_added: 0.1.0
description:
  - Lets nginx test a generation that the host has kept, makes it live by one rename and proves that nginx runs it.
    When nginx does not take it over, what ran before runs again, and the task fails.
  - The next run of the role C(hardened.nginx_edge.edge) makes the inventory's model live again.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: With O(generation) a second call changes nothing; without it a second call goes forth again.
  platform:
    support: full
    platforms: debian
options:
  generation:
    description: Name of the generation; default is the one that ran before the live one and is as it was written.
    type: str
  timeout:
    description: Seconds within which new workers must answer.
    type: int
    default: 30
  keep:
    description: Generations to keep on the host.
    type: int
    default: 5
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Go back to what ran before
  hardened.nginx_edge.nginx_rollback:

- name: Go back to a generation by its name
  hardened.nginx_edge.nginx_rollback:
    generation: 3f1c9a0b7d2e4f60
"""

RETURN = r"""
generation:
  description: Name of the generation that is live now; in check mode the one that would be.
  returned: success
  type: str
previous:
  description: Name of the generation that was live before.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import roll_back
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Layout


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "generation": {"type": "str"},
            "timeout": {"type": "int", "default": 30},
            "keep": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    try:
        outcome = roll_back(
            LocalHost(),
            Layout(),
            module.params["generation"],
            check=module.check_mode,
            timeout=module.params["timeout"],
            keep=module.params["keep"],
        )
    except (EdgeError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=outcome.changed, generation=outcome.name, previous=outcome.previous)


if __name__ == "__main__":
    main()
