# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: run_summary
short_description: Summarize a run, one line for each host
version_added: 0.1.0
description:
  - For each host, reports whether it was changed, which generation answers, how many of its sites are healthy, and when
    its certificates expire. For a host that failed or was skipped, reports the reason.
positional: _input
options:
  _input:
    description:
      - A dictionary of hosts and their results, with C(state), C(reason), and the results C(before) and C(after) of
        M(hardened.nginx_edge.edge_probe). The result of a host that the run did not reach is empty.
    type: dict
    required: true
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Print the summary
  ansible.builtin.debug:
    msg: "{{ {'edge-2': {'state': 'untouched', 'reason': 'edge-1 failed'}} | hardened.nginx_edge.run_summary }}"
"""

RETURN = r"""
_value:
  description: The lines of the summary.
  type: list
  elements: str
  sample: ["edge-2: skipped: edge-1 failed"]
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report import summary


def run_summary(value: Any) -> list[str]:
    """See the documentation of the filter."""
    if not isinstance(value, Mapping):
        raise AnsibleFilterError("run_summary takes a mapping of hosts and their parts in the run")
    return summary.summary(value)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {"run_summary": run_summary}
