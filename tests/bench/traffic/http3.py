# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests over HTTP/3 by count: ``http3.py URL REQUESTS``. No load generator of Debian speaks HTTP/3, so curl does it.

Each of several processes of curl sends its share over one connection, with some requests at the same time. Prints JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

PROCESSES = 4
AT_ONCE = 10
ANSWERED = "200 3"


def main() -> None:
    url, count = sys.argv[1], int(sys.argv[2])
    share = count // PROCESSES
    options = ("--http3-only", "--silent", "--insecure", "--parallel", "--parallel-max", str(AT_ONCE))
    written = ("--output", "/dev/null", "--write-out", "%{http_code} %{http_version}\n", "--max-time", "60")
    command = ("curl", *options, *written, f"{url}?[1-{share}]")
    started = time.monotonic()
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _number in range(PROCESSES)]
    lines = [line for process in running for line in process.communicate()[0].splitlines()]
    seconds = time.monotonic() - started
    answered = lines.count(ANSWERED)
    errors = sorted(set(lines) - {ANSWERED})[:3]
    told = {"requests": answered, "failed": share * PROCESSES - answered, "seconds": seconds, "errors": errors}
    print(json.dumps(told))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
