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
BUFFER = 1 << 16
"""Bytes that are written at once."""
WAITING = 1 << 20
"""Bytes that may wait in the socket."""


def end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> None:
    """Read until a signal ends it."""
    signal.signal(signal.SIGTERM, end)
    if os.path.lexists(SOCKET):
        os.unlink(SOCKET)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as source, open(sys.argv[1], "ab", BUFFER) as target:
        source.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WAITING)
        source.bind(SOCKET)
        receive, write = source.recv, target.write
        while True:
            write(receive(LONGEST).rstrip(b"\n\0") + b"\n")


if __name__ == "__main__":
    main()
