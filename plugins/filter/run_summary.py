# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: run_summary
short_description: What a run comes to, one line for each host
version_added: 0.1.0
description:
  - Tells of each host whether it was changed, which generation answers, how many of its sites are well, and until
    when its certificates are good; of a host that failed or was left alone, why.
positional: _input
options:
  _input:
    description:
      - Hosts, and the part of each in the run, with C(state), C(reason), and the results of
        M(hardened.nginx_edge.edge_probe) C(before) and C(after). Hosts that had no turn have an empty one.
    type: dict
    required: true
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Sum up
  ansible.builtin.debug:
    msg: "{{ {'edge-2': {'state': 'untouched', 'reason': 'edge-1 failed'}} | hardened.nginx_edge.run_summary }}"
"""

RETURN = r"""
_value:
  description: The lines.
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
    """What Ansible finds in this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {"run_summary": run_summary}
