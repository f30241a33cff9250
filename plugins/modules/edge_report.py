#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_report
short_description: Print the report of a run
version_added: 0.1.0
description:
  - Prints the warnings of a run, the changes of each host by site, and the state of each edge. In check mode, it prints
    a preview.
  - The lines are printed with every callback and with every setting of it, such as C(display_ok_hosts = false).
    Callbacks that print JSON get them as RV(msg) only.
  - Runs on the controller.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
  - action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  bypass_host_loop:
    support: none
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
  runs:
    description:
      - For each host, its C(state) in the run, the C(reason) of a failure, the results C(before) and C(after) of
        M(hardened.nginx_edge.edge_probe), the result C(configured) of M(hardened.nginx_edge.edge_config), and the
        C(certificates) of M(hardened.nginx_edge.certbot_certificates).
      - The entry of a host that the run did not reach is empty.
    type: dict
    default: {}
  warnings:
    description: For each host, its warnings.
    type: dict
    default: {}
  warnings_of:
    description:
      - Names of hosts whose warnings are collected from the results that the roles registered, and from the variable
        C(edge_warnings).
    type: list
    elements: str
    default: []
  lines:
    description: More lines to print at the end.
    type: list
    elements: str
    default: []
  file:
    description: Path on the controller to write the report to, as JSON.
    type: path
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Print the report
  hardened.nginx_edge.edge_report:
    runs: {edge-2: {state: untouched, reason: edge-1 failed in an earlier batch}}
  run_once: true
"""

RETURN = r"""
msg:
  description: The lines of the report.
  returned: success
  type: list
  elements: str
  sample: ["edge-2: skipped: edge-1 failed in an earlier batch"]
report:
  description: The report as data.
  returned: success
  type: dict
  contains:
    check_mode:
      type: bool
      description: Whether this is a preview.
    warnings:
      type: list
      elements: str
      description: The warnings, each with the hosts that it applies to.
    hosts:
      type: dict
      description: >-
        For each host, its C(state), the C(reason) of a failure, the C(generation) (C(before), C(after), C(planned) and
        whether nginx C(tested) it), the C(changes) of C(sites) and C(streams) (C(added), C(changed), C(removed)),
        C(shared_changed), C(certificates_ordered), C(certificates_until), and for each of its C(sites) the C(status)
        and the C(problem).
"""
