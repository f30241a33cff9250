# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that a run of Ansible executes, and the time of its tasks; see :data:`PLUGINS`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
PLUGINS = REPOSITORY / "tests" / "bench" / "changes" / "callback_plugins"
"""The callback ``module_calls``, which records them."""


@dataclass(frozen=True)
class Call:
    """A module that was executed.

    :param host: name in the inventory; of the other host if the task was delegated.
    :param name: for example ``hardened.nginx_edge.edge_probe`` or ``stat``.
    :param task: name of the task that executed it.
    :param seconds: from the construction of the module to its parsed result.
    """

    host: str
    name: str
    task: str
    seconds: float


@dataclass(frozen=True)
class Calls:
    """What a run executed.

    :param modules: in the order in which they ended.
    :param commands: host -> number of commands over its connection. Each module is at least one.
    :param tasks: name of a task -> seconds until the next task started, summed over tasks with the same name.
    """

    modules: tuple[Call, ...]
    commands: Mapping[str, int]
    tasks: Mapping[str, float]

    def count(self, host: str) -> int:
        """Number of modules that were executed on a host."""
        return sum(call.host == host for call in self.modules)

    def by_name(self, host: str) -> Mapping[str, int]:
        """Name of a module -> number of its executions on a host."""
        return Counter(call.name for call in self.modules if call.host == host)

    def slowest(self, number: int) -> list[tuple[str, float]]:
        """The tasks that took longest, with their seconds, the longest first."""
        return sorted(self.tasks.items(), key=lambda one: -one[1])[:number]


def record_calls(path: Path) -> dict[str, str]:
    """The variables that make ``ansible-playbook`` record its calls.

    :param path: a file that does not exist yet.
    """
    return {
        "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS),
        "ANSIBLE_CALLBACKS_ENABLED": "module_calls",
        "MODULE_CALLS_FILE": str(path),
    }


def read_calls(path: Path) -> Calls:
    """Read what a run recorded.

    :raises FileNotFoundError: it recorded nothing.
    """
    return parse_calls(path.read_text(encoding="utf-8").splitlines())


def parse_calls(lines: Iterable[str]) -> Calls:
    """The calls of a record.

    :param lines: JSON objects.
    :raises ValueError: a line is none, or has an unknown event.
    """
    modules: list[Call] = []
    commands: Counter[str] = Counter()
    tasks: Counter[str] = Counter()
    for line in lines:
        found: Mapping[str, Any] = json.loads(line)
        if found["event"] == "module":
            modules.append(Call(found["host"], found["name"], found["task"], found["seconds"]))
        elif found["event"] == "command":
            commands[found["host"]] += 1
        elif found["event"] == "task":
            tasks[found["name"]] += found["seconds"]
        else:
            raise ValueError(f"unknown event {found['event']}")
    return Calls(tuple(modules), dict(commands), dict(tasks))
