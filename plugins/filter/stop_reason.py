# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: stop_reason
short_description: Get the reason to skip a batch of hosts
version_added: 0.1.0
description:
  - Checks the results of earlier batches and returns the reason to skip the next batch, if there is one.
positional: _input
options:
  _input:
    description:
      - A dictionary of hosts and their results so far, with C(state) and C(batch).
      - The result of a host that the run did not reach is empty.
    type: dict
    required: true
  batch:
    description: The hosts of the next batch.
    type: list
    elements: str
    required: true
  most_percent:
    description: Percentage of an earlier batch that may have failed.
    type: int
    default: 0
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Skip this batch if an earlier one failed
  ansible.builtin.meta: end_host
  when: runs | hardened.nginx_edge.stop_reason(batch=ansible_play_batch) != ''
"""

RETURN = r"""
_value:
  description: The reason; empty if the batch may be changed.
  type: str
  sample: edge-3 failed in an earlier batch
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report import summary


def stop_reason(value: Any, batch: list[str], most_percent: int = 0) -> str:
    """See the documentation of the filter."""
    if not isinstance(value, Mapping):
        raise AnsibleFilterError("stop_reason takes a mapping of hosts and their parts in the run")
    return summary.stop_reason(value, batch, most_percent)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {"stop_reason": stop_reason}
