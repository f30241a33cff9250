#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_take_over
short_description: Check a host for sites that the first generation would replace
version_added: 0.1.0
description:
  - Reads the configuration that nginx would load with C(nginx -T). If it contains sites that this collection did not
    write, the task fails and lists them, also in check mode, unless O(allowed=true).
  - The unchanged default site of nginx's package does not count.
  - Otherwise copies the configuration to C(/etc/nginx/generations/original), with all files that nginx reads.
    M(hardened.nginx_edge.nginx_rollback) restores it. Certificates and document roots are not copied.
  - Does nothing on a host without nginx, and on a host on which a generation is live or has run.
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
  names:
    description: Server names of the model.
    type: list
    elements: str
    required: true
  ports:
    description: Ports of the model, such as V(443/tcp).
    type: list
    elements: str
    required: true
  allowed:
    description: Replace sites that this collection did not write.
    type: bool
    default: false
  inventory_name:
    description: Name of the host in the inventory. The message about a refused takeover contains it.
    type: str
    default: HOST
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Fail if the host serves other sites
  hardened.nginx_edge.edge_take_over:
    names: [www.example.com]
    ports: [80/tcp, 443/tcp]
    inventory_name: "{{ inventory_hostname }}"
"""

RETURN = r"""
edge_warnings:
  description: The number of sites that are replaced, and the names and ports that are no longer served.
  returned: success
  type: list
  elements: str
reason:
  description: The error in one line, without the list of sites.
  returned: failure
  type: str
  sample: this host already serves 10 sites that this run would replace
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.take_over import (
    RefusedError,
    take_over,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Layout


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "required": True},
            "ports": {"type": "list", "elements": "str", "required": True},
            "allowed": {"type": "bool", "default": False},
            "inventory_name": {"type": "str", "default": "HOST"},
        },
        supports_check_mode=True,
    )
    try:
        taken = take_over(LocalHost(), Layout(), check=module.check_mode, **module.params)
    except RefusedError as error:
        module.fail_json(msg=str(error), reason=error.reason)
    except (EdgeError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=taken.changed, edge_warnings=list(taken.warnings))


if __name__ == "__main__":
    main()
