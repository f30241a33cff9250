# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback that records each module that a run executes, and the time of each task.

Ansible reports tasks to callbacks, but one task may execute several modules, or none. This plugin therefore wraps the
two methods with which every action plugin reaches a host. Ansible loads callbacks before it forks the processes that
run tasks, so that these processes inherit the wrappers.

It writes JSON lines to the file that the environment variable MODULE_CALLS_FILE names. ``tools.bench.controller_calls``
reads them, and sets the environment::

    run = subprocess.run(command, env={**os.environ, **record_calls(path)}, check=True)
    calls = read_calls(path)
    assert calls.count("edge-trixie") <= 12
"""

from __future__ import annotations

import functools
import json
import os
import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: module_calls
type: aggregate
short_description: Records each module that a run executes, and the time of each task
description:
  - Writes JSON lines to a file, for tests and benchmarks.
options: {}
"""

FILE = "MODULE_CALLS_FILE"
WRAPPED = "_module_calls_wrapped"


class CallbackModule(CallbackBase):
    """Records the calls of a run."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_calls"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._task = ""
        self._started = 0.0
        path = os.environ.get(FILE)
        if path is None:
            self.disabled = True
        elif not hasattr(ActionBase, WRAPPED):
            setattr(ActionBase, WRAPPED, True)
            wrap("_execute_module", "module")
            wrap("_low_level_execute_command", "command")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Start the time of a task, and end that of the task before it."""
        self._next(task.get_name())

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """The same for a handler."""
        self._next(task.get_name())

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """End the time of the last task."""
        self._next("")

    def _next(self, name: str) -> None:
        now = time.monotonic()
        if self._task:
            write({"event": "task", "name": self._task, "seconds": now - self._started})
        self._task, self._started = name, now


def wrap(method: str, event: str) -> None:
    """Make a method of all action plugins record its calls, also those that raise an exception."""
    original = getattr(ActionBase, method)

    @functools.wraps(original)
    def recorded(self: Any, *arguments: Any, **options: Any) -> Any:
        record = {"event": event, **described(self)}
        if event == "module":
            name = options.get("module_name") or (arguments[0] if arguments else None)
            record["name"] = str(name or self._task.action).removeprefix("ansible.legacy.")
        started = time.monotonic()
        try:
            return original(self, *arguments, **options)
        finally:
            write({**record, "seconds": time.monotonic() - started})

    setattr(ActionBase, method, recorded)


def described(action: Any) -> dict[str, str]:
    """The host that a call reaches, the connection, and the task."""
    host = action._task.delegate_to or action._templar.available_variables["inventory_hostname"]
    return {"host": str(host), "connection": str(action._connection.transport), "task": str(action._task.get_name())}


def write(record: dict[str, Any]) -> None:
    """Append a line; processes of the same run write at the same time."""
    line = json.dumps(record) + "\n"
    target = os.open(os.environ[FILE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(target, line.encode())
    finally:
        os.close(target)
