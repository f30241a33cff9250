# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the machine and the tree that were measured."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
KIBIBYTES_PER_GIBIBYTE = 1024 * 1024


def machine() -> dict[str, str]:
    """Cores, model of the CPU, memory, kernel and Python of the machine that runs this."""
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "CPU": cpu_model(_text("/proc/cpuinfo")),
        "memory": f"{memory_gibibytes(_text('/proc/meminfo')):.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Python": platform.python_version(),
    }


def cpu_model(cpuinfo: str) -> str:
    """The model in /proc/cpuinfo, and whether it is a virtual machine's; ``unknown`` if the file does not name one."""
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    virtual = re.search(r"^flags\s*:.*\bhypervisor\b", cpuinfo, re.MULTILINE)
    return (found[1].strip() if found else "unknown") + (" (virtual machine)" if virtual else "")


def memory_gibibytes(meminfo: str) -> float:
    """Size of the memory in /proc/meminfo.

    :raises ValueError: the file does not have it.
    """
    found = re.search(r"^MemTotal:\s+(\d+) kB$", meminfo, re.MULTILINE)
    if found is None:
        raise ValueError("/proc/meminfo has no line MemTotal")
    return int(found[1]) / KIBIBYTES_PER_GIBIBYTE


def commit() -> str:
    """The commit of the tree, and whether files differ from it."""
    changed = _output("git", "status", "--porcelain", "--untracked-files=no")
    return _output("git", "rev-parse", "--short", "HEAD") + (" with uncommitted changes" if changed else "")


def today() -> str:
    """The date in UTC, as in ``2026-01-31``."""
    return datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()


def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def _output(*argv: str) -> str:
    return subprocess.run(argv, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.strip()
