# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: failure_reason
short_description: Get the reason why a task failed
version_added: 0.1.0
description:
  - Returns the message of a failed task. For a task with a loop, this is the message of the first item that failed.
  - For a program that failed without a message, it is the last line that the program printed.
positional: _input
options:
  _input:
    description: The result of the task, such as C(ansible_failed_result).
    type: dict
    required: true
  task:
    description: Name of the task.
    type: str
    required: true
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Print the reason
  ansible.builtin.debug:
    msg: "{{ ansible_failed_result | hardened.nginx_edge.failure_reason(ansible_failed_task.name) }}"
"""

RETURN = r"""
_value:
  description: The reason.
  type: str
  sample: "Could not find the requested service nginx: host"
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report import summary


def failure_reason(value: Any, task: str) -> str:
    """See the documentation of the filter."""
    if not isinstance(value, Mapping):
        raise AnsibleFilterError("failure_reason takes the result of a task")
    return summary.failure_reason(value, str(task))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {"failure_reason": failure_reason}
