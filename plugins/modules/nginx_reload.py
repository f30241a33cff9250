#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_reload
short_description: Reload nginx and prove that it runs the live generation, or roll back
version_added: 0.1.0
description:
  - Reloads nginx (starts it if it does not run) and waits until new workers of the same master answer with the name of
    the live generation. nginx itself reports success even for a reload that it rejected.
  - If they do not answer in time, the previous generation is made live again and proven, and the task fails with the
    error messages of nginx.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: none
  platform:
    support: full
    platforms: debian
options:
  timeout:
    description: Seconds to wait until new workers answer.
    type: int
    default: 30
  keep:
    description: Number of generations to keep on the host for rollbacks.
    type: int
    default: 5
  allow_restart:
    description: Restart nginx, which closes its connections, if its own listening sockets or modules prevent a reload.
    type: bool
    default: false
  generation:
    description:
      - Name of the generation that is expected to be live. If another run made a different generation live, nothing is
        done and the task fails. The default is any live generation.
    type: str
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Reload nginx
  hardened.nginx_edge.nginx_reload:
    timeout: 30
"""

RETURN = r"""
generation:
  description: The generation that answered.
  returned: success, not in check mode
  type: str
master:
  description: Process ID of the master.
  returned: success, not in check mode
  type: int
workers:
  description: Process IDs of the new workers.
  returned: success, not in check mode
  type: list
  elements: int
pruned:
  description: Generations that were removed.
  returned: success, not in check mode
  type: list
  elements: str
leaving:
  description: Workers of earlier configurations that still serve open connections, oldest first.
  returned: success, not in check mode
  type: list
  elements: dict
  contains:
    pid:
      type: int
      description: Process ID.
    age:
      type: int
      description: Seconds since the worker was started.
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import locked
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Layout
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.service import leaving_workers, master_pid


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "timeout": {"type": "int", "default": 30},
            "keep": {"type": "int", "default": 5},
            "allow_restart": {"type": "bool", "default": False},
            "generation": {"type": "str"},
        },
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=True)
    host, layout = LocalHost(), Layout()
    try:
        with locked(host, layout):
            proof = reload_and_prove(
                host,
                layout,
                timeout=module.params["timeout"],
                keep=module.params["keep"],
                allow_restart=module.params["allow_restart"],
                expected=module.params["generation"],
            )
    except (EdgeError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=True,
        generation=proof.generation,
        master=proof.master,
        workers=list(proof.workers),
        pruned=list(proof.pruned),
        leaving=[asdict(one) for one in leaving_workers(host, master_pid(host))],
    )


if __name__ == "__main__":
    main()
