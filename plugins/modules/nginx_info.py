#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_info
short_description: Tell which nginx a host has and which generation of its configuration runs
version_added: 0.1.0
description:
  - Reads the version and build of nginx, and the generations that M(hardened.nginx_edge.edge_config) made.
  - Where nginx is not installed, tells the version that the package manager would install.
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
  repository:
    description: Where a host that has no nginx yet would get it from, as C(nginx_repository)
      of the role P(hardened.nginx_edge.nginx#role) says.
    type: str
    choices: [distribution, nginx_org]
    default: distribution
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Which generation serves?
  hardened.nginx_edge.nginx_info:
  register: edge
"""

RETURN = r"""
nginx:
  description: The nginx program.
  returned: always
  type: dict
  contains:
    installed:
      type: bool
      description: Whether it is installed.
    version:
      type: str
      description: Such as V(1.26.3).
    openssl:
      type: str
      description: Version of the OpenSSL it runs with.
    configure_arguments:
      type: list
      elements: str
      description: Its build options.
    modules:
      type: list
      elements: str
      description: Dynamic modules on the host, and the stream module where the package manager has it.
    user:
      type: str
      description: Account of the workers.
generations:
  description: The generations on the host.
  returned: always
  type: dict
  contains:
    live:
      type: str
      description: The one that nginx.conf leads to, or null.
    digest:
      type: str
      description: What names the content of the live one, or null.
    drift:
      type: list
      elements: str
      description: Files of the live one that were changed by hand.
    advice:
      type: list
      elements: str
      description: What nginx warned of when it tested the live one.
    running:
      type: str
      description: The one last proven in memory, or null.
    answered:
      type: str
      description: The one that answers on loopback now, or null.
    kept:
      type: list
      elements: str
      description: All of them, the youngest first.
user_files:
  description: The files with password hashes on the host, and the SHA-256 of what is in them.
  returned: always
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils.edge.candidate import DISTRIBUTION, NGINX_ORG
from ansible_collections.hardened.nginx_edge.plugins.module_utils.edge.generation import (
    Layout,
    drift,
    manifests,
    read_manifest,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils.edge.host import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils.edge.nginx import read_nginx
from ansible_collections.hardened.nginx_edge.plugins.module_utils.edge.reload import status
from ansible_collections.hardened.nginx_edge.plugins.module_utils.edge.user_files import present


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "repository": {"type": "str", "choices": [DISTRIBUTION, NGINX_ORG], "default": DISTRIBUTION},
        },
        supports_check_mode=True,
    )
    host, layout = LocalHost(), Layout()
    names = status(host, layout)
    live = names["live"]
    manifest = read_manifest(host, layout, live) if live else None
    module.exit_json(
        changed=False,
        nginx=read_nginx(host, module.params["repository"]),
        generations={
            **names,
            "digest": manifest.digest if manifest else None,
            "drift": drift(host, layout, manifest) if manifest else [],
            "advice": list(manifest.warnings) if manifest else [],
            "kept": [one.name for one in manifests(host, layout)],
        },
        user_files=present(host, layout),
    )


if __name__ == "__main__":
    main()
