# SPDX-License-Identifier: GPL-3.0-or-later
"""``python3 controller_child.py RESULT PATIENCE COMMAND…``: run a command, and write what it cost to a file, as JSON.

PATIENCE are the seconds to wait for descendants that outlive the command; one that stays, such as an SSH connection,
does not count. It exits with the exit code of the command.

It is a small, separate process, because Linux counts the memory of the process that starts a program as memory of this
program. It also runs on hosts, so it uses only the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
PAUSE = 0.01


def reap(patience: float) -> None:
    """Wait so many seconds for descendants that outlive the command."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            time.sleep(PAUSE)


def main() -> int:
    """Run the command.

    :raises OSError: the system does not allow this process to wait for orphans.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    started = time.monotonic()
    code = subprocess.run(sys.argv[3:], check=False).returncode
    seconds = time.monotonic() - started
    reap(float(sys.argv[2]))
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime, "peak_kibibytes": usage.ru_maxrss}
    Path(sys.argv[1]).write_text(json.dumps(cost), encoding="ascii")
    return code


if __name__ == "__main__":
    sys.exit(main())
