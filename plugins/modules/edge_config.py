#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_config
short_description: Render the model of an edge and deploy it as the nginx configuration
version_added: 0.1.0
description:
  - Reads the C(edge_*) variables of the host, validates them strictly, renders the nginx configuration on the
    controller and deploys it with M(hardened.nginx_edge.nginx_generation).
  - Reports all errors of the model together, each with its path, before anything changes.
  - Reads, checks and renders the model of a host once in a run. It does so again only if nginx, the variables of the
    model or the site files have changed since, including the values of expressions in them.
  - Sends nothing to a host that already has that configuration. nginx tests it again, because packages may have been
    upgraded since; if nginx rejects it, or still runs files that were replaced on disk, a warning says so.
  - The variables are those of the entry point C(model) of the role C(hardened.nginx_edge.edge).
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
    support: full
  idempotent:
    support: full
  platform:
    support: full
    platforms: debian
options:
  state:
    description:
      - V(checked) validates the model and changes nothing.
      - V(present) also makes the configuration live; nginx must still be reloaded.
    type: str
    choices: [checked, present]
    default: present
  target:
    description:
      - Checks the model for the nginx that this release of Debian or Ubuntu has, without a connection to the host. With
        O(state=checked) only.
      - If C(nginx_repository) is V(nginx_org), the model is checked for nginx.org's version C(nginx_package_version),
        or for 1.28 if this variable is not set.
      - Does not check whether the authority offers the certificate profiles of the model.
    type: str
    choices: [bullseye, bookworm, trixie, forky, jammy, noble]
  facts:
    description:
      - Facts that M(hardened.nginx_edge.tls_certificates) has just read with the options RV(facts_options), so that the
        host is not asked again. They are valid as long as no package and no configuration has changed since.
      - With O(state=present) only.
    type: dict
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Check the model of the edge
  hardened.nginx_edge.edge_config:
    state: checked
  register: __edge_plan

- name: Check the model without the host
  hardened.nginx_edge.edge_config:
    state: checked
    target: trixie

- name: Deploy the configuration
  hardened.nginx_edge.edge_config:
  notify: hardened.nginx_edge reload
"""

RETURN = r"""
generation:
  description: Name of the generation.
  returned: state=present
  type: str
previous:
  description: Name of the generation that was live before, or null.
  returned: state=present
  type: str
certificates:
  description: The certificates that the sites need, for M(hardened.nginx_edge.tls_certificates).
  returned: success
  type: list
  elements: dict
acme:
  description: The ACME server and the account, or null if no certificate has the source V(acme).
  returned: success
  type: dict
settings:
  description: Settings of the edge that other roles use.
  returned: success
  type: dict
  contains:
    status_port:
      type: int
      description: Loopback port of the status server.
    http_port:
      type: int
      description: Port for HTTP.
    https_port:
      type: int
      description: Port for HTTPS.
    reload_timeout:
      type: int
      description: Seconds to wait after a reload until new workers answer.
    generations_keep:
      type: int
      description: Number of generations to keep.
    allow_restart:
      type: bool
      description: Whether nginx may be restarted.
    max_fail_percentage:
      type: int
      description: Percentage of a batch of hosts that may fail.
    take_over:
      type: bool
      description: Whether the first run may replace sites that this collection did not write.
issuing_edge:
  description: Inventory name of the issuing edge, or null.
  returned: success
  type: str
sites:
  description: The sites to probe, for M(hardened.nginx_edge.edge_probe).
  returned: success
  type: list
  elements: dict
serves:
  description: The server names (C(names)) and ports (C(ports)) of the model, for M(hardened.nginx_edge.edge_take_over).
  returned: success
  type: dict
takes_over:
  description: Whether the host has an nginx for which this collection has deployed no generation yet.
  returned: state=checked, without O(target)
  type: bool
command:
  description:
    - The C(version) of the command C(nginx-edge) in this collection, for M(hardened.nginx_edge.edge_command), and
      whether the host has it (C(current)).
  returned: state=checked, without O(target)
  type: dict
facts_options:
  description: The options of M(hardened.nginx_edge.nginx_info) that read what O(facts) needs.
  returned: state=checked, without O(target)
  type: dict
probe:
  description: Settings of the probe (C(enabled), C(timeout), C(retry_timeout)).
  returned: success
  type: dict
edge_warnings:
  description: Warnings about the model and warnings of nginx; one line each, with the path of the option.
  returned: success
  type: list
  elements: str
drift:
  description: Files that were changed by hand and are now reverted, as in M(hardened.nginx_edge.nginx_info).
  returned: state=present
  type: list
  elements: str
sent:
  description: Number of bytes of configuration that were sent to the host.
  returned: state=present
  type: int
"""
