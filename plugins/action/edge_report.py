# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin ``edge_report``: prints the report of a run with every callback."""

from __future__ import annotations

import json
from typing import Any

from ansible import constants as C  # noqa: N812 - Ansible's own convention
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.values import untagged
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.warnings import (
    COLLECTED,
    collected_warnings,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.run import lines, report


class ActionModule(ActionBase):
    """See the documentation of the module."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Print the report, and write it to a file if one is named."""
        super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(
            argument_spec={
                "runs": {"type": "dict", "default": {}},
                "warnings": {"type": "dict", "default": {}},
                "warnings_of": {"type": "list", "elements": "str", "default": []},
                "lines": {"type": "list", "elements": "str", "default": []},
                "file": {"type": "path"},
            }
        )
        runs, warnings = untagged(arguments["runs"]), untagged(arguments["warnings"])
        hostvars = (task_vars or {})["hostvars"]
        for host in untagged(arguments["warnings_of"]):
            if host not in hostvars:
                return {"failed": True, "msg": f"warnings_of: the inventory has no host '{host}'"}
            # Results are large and need no evaluation, so they are read without it.
            warnings[host] = collected_warnings(hostvars.raw_get(host), hostvars[host].get(COLLECTED))
        check_mode = bool((task_vars or {}).get("ansible_check_mode"))
        text = [*lines(runs, warnings, check_mode=check_mode), *untagged(arguments["lines"])]
        found = report(runs, warnings, check_mode=check_mode)
        if text and not _prints_data():
            Display().display("\n".join(text))
        if arguments["file"]:
            try:
                with open(arguments["file"], "w", encoding="utf-8") as stream:
                    json.dump(found, stream, indent=2)
                    stream.write("\n")
            except OSError as error:
                return {"failed": True, "msg": f"cannot write the report to {arguments['file']}: {error.strerror}"}
        return {"changed": False, "msg": text, "report": found}


def _prints_data() -> bool:
    """Whether the output is data for programs, to which other lines must not be added."""
    return "json" in str(C.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2]
