# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: advice_lines
short_description: What the hosts of a run are advised, one line for each piece of advice
version_added: 0.1.0
description:
  - Groups what several hosts are advised, so that what is the same for many stands there once.
positional: _input
options:
  _input:
    description: Hosts, and the list of what each is advised. Hosts without advice belong to it, with an empty list.
    type: dict
    required: true
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Tell what may not be meant
  ansible.builtin.debug:
    msg: "{{ {'edge-1': ['nginx: old'], 'edge-2': []} | hardened.nginx_edge.advice_lines }}"
"""

RETURN = r"""
_value:
  description: The lines, each begins with the hosts it is for.
  type: list
  elements: str
  sample: ["edge-1: nginx: old"]
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report import warnings


def advice_lines(value: Any) -> list[str]:
    """See the documentation of the filter."""
    if not isinstance(value, Mapping):
        raise AnsibleFilterError("advice_lines takes a mapping of hosts and what they are advised")
    return warnings.advice_lines({str(host): [str(text) for text in texts] for host, texts in value.items()})


class FilterModule:
    """What Ansible finds in this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {"advice_lines": advice_lines}
