# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx wrote into its logs about a test's own traffic."""

from __future__ import annotations

import json
import time
from typing import Any

from ansible_collections.hardened.nginx_edge.tools.traffic import Client

FLUSHED = 1.5
"""Seconds until a worker has written what it logged: ``flush=1s`` behind the first line in its buffer, and a moment."""
PATIENCE = 15.0
"""Seconds more for a machine that has other things to do."""


def logged(host: Client, mark: str, *, least: int = 1, log: str = "access.log") -> list[Any]:
    """Lines of a log that hold a mark, read as JSON.

    Each worker writes its own buffer, so lines are not in the order of time: a test marks its traffic, and
    never takes the last line for its own.

    :param host: where nginx runs.
    :param mark: text that the test's own lines have, and no others.
    :param least: how many lines are waited for; 0 where there may be none.
    :param log: name of the log in nginx's folder.
    """
    time.sleep(FLUSHED)
    deadline = time.monotonic() + PATIENCE
    while len(lines := _lines(host, mark, f"/var/log/nginx/{log}")) < least:
        assert time.monotonic() < deadline, f"{log} has {len(lines)} of {least} lines with {mark}: {lines}"
        time.sleep(0.3)
    return [json.loads(line) for line in lines]


def _lines(host: Client, mark: str, path: str) -> list[str]:
    found = host.attempt("grep", "-F", mark, path)
    assert found.returncode in (0, 1), found.stderr  # 1: no such line
    return found.stdout.splitlines()
