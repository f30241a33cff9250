# SPDX-License-Identifier: GPL-3.0-or-later
"""How busy the machine is with other things."""

from __future__ import annotations

import os
import time
from pathlib import Path

SECONDS = 2.0


def other_load() -> float:
    """Share of a core that the machine is busy for, measured for two seconds; 2.0 means two busy cores."""
    before = busy_seconds()
    time.sleep(SECONDS)
    return (busy_seconds() - before) / SECONDS


def busy_seconds() -> float:
    """Seconds for which cores were not idle, since the machine started, summed over all cores (proc(5))."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    return (sum(map(int, fields[:3])) + sum(map(int, fields[5:7]))) / os.sysconf("SC_CLK_TCK")
