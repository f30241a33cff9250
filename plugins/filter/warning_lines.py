# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: warning_lines
short_description: Group the warnings of the hosts of a run, one line for each warning
version_added: 0.1.0
description:
  - Lists each warning once, with the hosts that it applies to.
positional: _input
options:
  _input:
    description: A dictionary of hosts and their warnings. Include hosts without warnings with an empty list.
    type: dict
    required: true
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Print warnings
  ansible.builtin.debug:
    msg: "{{ {'edge-1': ['nginx: old'], 'edge-2': []} | hardened.nginx_edge.warning_lines }}"
"""

RETURN = r"""
_value:
  description: The lines. Each line begins with the hosts that the warning applies to.
  type: list
  elements: str
  sample: ["edge-1: nginx: old"]
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report import warnings


def warning_lines(value: Any) -> list[str]:
    """See the documentation of the filter."""
    if not isinstance(value, Mapping):
        raise AnsibleFilterError("warning_lines takes a mapping of hosts and their warnings")
    return warnings.warning_lines({str(host): [str(text) for text in texts] for host, texts in value.items()})


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {"warning_lines": warning_lines}
