# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a program, and their CPU time, from /proc."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def parents() -> dict[int, int]:
    """Process -> its parent."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            _head, _, rest = path.read_text().rpartition(")")
        except OSError:  # it ended
            continue
        found[int(path.parent.name)] = int(rest.split()[1])
    return found


def family(root: int) -> list[int]:
    """A process and all that come from it."""
    known = parents()
    found = [root]
    for one in found:
        found += [child for child, parent in known.items() if parent == one]
    return found


def cpu_seconds(root: int) -> float:
    """CPU time that a program and its workers have used so far, in user and kernel mode."""
    total = 0
    for process in family(root):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory_bytes(root: int) -> int:
    """Memory of a program and its workers, with shared pages divided among them (PSS)."""
    total = 0
    for process in family(root):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def wait_for(port: int, seconds: float = 20) -> None:
    """Wait until a program listens on a port of loopback.

    :raises TimeoutError: none does.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
