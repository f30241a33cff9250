#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_rollback
short_description: Roll back to an earlier generation of the nginx configuration
version_added: 0.1.0
description:
  - Tests an earlier generation with nginx, makes it live by one rename, and proves that nginx runs it. If nginx does
    not load it, the edge is rolled back to the configuration that ran before, and the task fails.
  - The next run of the role C(hardened.nginx_edge.edge) deploys the model of the inventory again.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: With O(generation), a second run changes nothing. Without it, a second run switches to the generation that
      ran before the rollback.
  platform:
    support: full
    platforms: debian
options:
  generation:
    description:
      - Name of the generation. The default is the unchanged generation that ran before the live one.
      - V(original) restores the configuration from before the first generation, with all files that were copied when
        M(hardened.nginx_edge.edge_take_over) took the host over. It removes the sandbox of nginx and restarts nginx.
    type: str
  timeout:
    description: Seconds to wait until new workers answer.
    type: int
    default: 30
  keep:
    description: Number of generations to keep on the host.
    type: int
    default: 5
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Roll back to the previous generation
  hardened.nginx_edge.nginx_rollback:

- name: Roll back to a generation by name
  hardened.nginx_edge.nginx_rollback:
    generation: 3f1c9a0b7d2e4f60
"""

RETURN = r"""
generation:
  description: Name of the generation that is live now; in check mode, the one that would be live.
  returned: success
  type: str
previous:
  description: Name of the generation that was live before.
  returned: success
  type: str
restored:
  description: The files that were restored, one line for each; in check mode also the result of nginx's test. With
    O(generation=original).
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.restoration import go_back
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
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
        outcome = go_back(
            LocalHost(),
            Layout(),
            module.params["generation"],
            check=module.check_mode,
            timeout=module.params["timeout"],
            keep=module.params["keep"],
        )
    except (EdgeError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=outcome.changed,
        generation=outcome.name,
        previous=outcome.previous,
        restored=list(outcome.warnings),
    )


if __name__ == "__main__":
    main()
