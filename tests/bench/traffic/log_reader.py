# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes each message of /dev/log to a file as a line, as a syslog daemon does: ``log_reader.py FILE``."""

from __future__ import annotations

import os
import signal
import socket
import sys
from types import FrameType

SOCKET = "/dev/log"
LONGEST = 8192
"""Bytes of a message."""
WAITING = 1 << 20
"""Bytes that may wait in the socket."""
FLUSH_SECONDS = 0.2


def main() -> None:
    """Read until SIGTERM."""
    target = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    pending: list[bytes] = []

    def flush(_number: int, _frame: FrameType | None) -> None:
        # A signal handler runs between two steps of the loop below, so that no message is lost.
        os.write(target, b"".join(pending))
        pending.clear()

    def end(number: int, frame: FrameType | None) -> None:
        flush(number, frame)
        raise SystemExit(0)

    signal.signal(signal.SIGALRM, flush)
    signal.signal(signal.SIGTERM, end)
    signal.setitimer(signal.ITIMER_REAL, FLUSH_SECONDS, FLUSH_SECONDS)
    if os.path.lexists(SOCKET):
        os.unlink(SOCKET)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as source:
        source.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WAITING)
        source.bind(SOCKET)
        receive, keep = source.recv, pending.append
        while True:
            keep(receive(LONGEST).rstrip(b"\n\0") + b"\n")


if __name__ == "__main__":
    main()
