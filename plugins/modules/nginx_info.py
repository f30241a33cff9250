#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_info
short_description: Get facts about nginx and the generations of its configuration
version_added: 0.1.0
description:
  - Reads the version and build options of nginx, and the generations that M(hardened.nginx_edge.edge_config) created.
  - If nginx is not installed, returns the version that the package manager would install.
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
    description: Package source for a host that has no nginx yet; see C(nginx_repository) of the role
      P(hardened.nginx_edge.nginx#role).
    type: str
    choices: [distribution, nginx_org]
    default: distribution
  streams:
    description: If the stream module is not installed, ask the package manager whether it has the module.
    type: bool
    default: true
  test:
    description: Also test the live generation with C(nginx -t), for C(generations.problem).
    type: bool
    default: false
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Get the generation that answers
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
      description: Whether nginx is installed.
    version:
      type: str
      description: Version of nginx, such as V(1.26.3).
    openssl:
      type: str
      description: Version of the OpenSSL library that nginx uses.
    configure_arguments:
      type: list
      elements: str
      description: Build options of nginx.
    modules:
      type: list
      elements: str
      description: Dynamic modules on the host, and with O(streams) the stream module if the package manager has it.
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
      description: The generation that C(nginx.conf) points to, or null.
    digest:
      type: str
      description: Digest of the content of the live generation, or null.
    drift:
      type: list
      elements: str
      description:
        - Files of the live generation that were changed by hand; V(/etc/nginx/nginx.conf) if the link was replaced by a
          file.
    edge_warnings:
      type: list
      elements: str
      description: Warnings of nginx from the test of the live generation.
    problem:
      type: str
      description:
        - Why nginx would not start with the live generation, or an empty string. Null without O(test), and without a
          live generation.
    running:
      type: str
      description: The generation that nginx was last proven to run, or null.
    answered:
      type: str
      description: The generation that answers on loopback now, or null.
    sites:
      type: list
      elements: str
      description: Names of the sites of the live generation.
    kept:
      type: list
      elements: str
      description: All generations, newest first.
processes:
  description: The processes of nginx.
  returned: always
  type: dict
  contains:
    master:
      type: int
      description: Process ID of the master, or null if none runs.
    open_files:
      type: int
      description: Maximum number of open files of the master, or null if none runs or there is no limit.
    outdated:
      type: list
      elements: str
      description:
        - Program files and libraries that nginx runs and that were replaced or removed on disk. A reload does not load
          the new files, a restart does.
    since_proof:
      type: int
      description: Seconds since nginx was last proven to run a generation, or null.
    leaving:
      type: list
      elements: dict
      description: Workers of earlier configurations that still serve open connections, oldest first.
      contains:
        pid:
          type: int
          description: Process ID.
        age:
          type: int
          description: Seconds since the worker was started.
command:
  description: Version of the command nginx-edge, or null if it is missing or damaged.
  returned: always
  type: str
user_files:
  description: The password files on the host, and the SHA-256 of their contents.
  returned: always
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.facts import facts_options, read_facts
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Layout


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=facts_options(), supports_check_mode=True)
    given = {name: module.params[name] for name in facts_options()}
    module.exit_json(changed=False, **read_facts(LocalHost(), Layout(), **given))


if __name__ == "__main__":
    main()
