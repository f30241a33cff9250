#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_config
short_description: Turn the model of an edge into the configuration that nginx runs
version_added: 0.1.0
description:
  - Reads the C(edge_*) variables of the host, checks them strictly, renders the nginx configuration on the
    controller and puts it in place with M(hardened.nginx_edge.nginx_generation).
  - All errors of the model come together, each with its path, before anything changes.
  - Nothing is sent to a host that already has that configuration.
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
      - V(checked) reads and checks the model and changes nothing.
      - V(present) makes the configuration live as well; nginx still has to take it over.
    type: str
    choices: [checked, present]
    default: present
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Check the model of the edge
  hardened.nginx_edge.edge_config:
    state: checked
  register: __edge_plan

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
  description: The ACME account, or null when no certificate is ordered.
  returned: success
  type: dict
settings:
  description: What other roles need to know of the edge.
  returned: success
  type: dict
  contains:
    status_port:
      type: int
      description: Loopback port of the status server.
    http_port:
      type: int
      description: Port of plain HTTP.
    https_port:
      type: int
      description: Port of TLS.
    reload_timeout:
      type: int
      description: Seconds within which new workers must answer.
    generations_keep:
      type: int
      description: Generations to keep.
    allow_restart:
      type: bool
      description: Whether nginx may be restarted.
    max_fail_percentage:
      type: int
      description: How much of a batch of hosts may fail, in percent.
issuing_edge:
  description: Name of the host that orders certificates for the others, or null.
  returned: success
  type: str
sites:
  description: What is asked of each site, for M(hardened.nginx_edge.edge_probe).
  returned: success
  type: list
  elements: dict
probe:
  description: Whether and how patiently it is asked (C(enabled), C(timeout), C(retry_timeout)).
  returned: success
  type: dict
edge_warnings:
  description: Warnings about the model, and those of nginx; one line each, with its place.
  returned: success
  type: list
  elements: str
drift:
  description: What was changed by hand since the last run, and is undone; see M(hardened.nginx_edge.nginx_info).
  returned: state=present
  type: list
  elements: str
sent:
  description: Bytes of configuration that were sent to the host.
  returned: state=present
  type: int
"""
