# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests at a steady rate over one connection, as long as it is kept: ``steady.py OPTION URL SECONDS``.

The option of curl selects the version of HTTP: ``--http1.1``, ``--http2`` or ``--http3-only``. Prints JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

PER_SECOND = 20
ANSWERED = "200"
LATE = 2
"""Times the duration after which the requests end."""


def main() -> None:
    version, url, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    count = int(seconds * PER_SECOND)
    options = (version, "--silent", "--insecure", "--rate", f"{PER_SECOND}/s", "--max-time", "5")
    written = ("--output", "/dev/null", "--write-out", "%{http_code} %{exitcode}\n")
    started = time.monotonic()
    # A request that fails must not end the others, so that curl's exit code is that of the last one.
    # curl keeps a connection on which nothing is answered any more. The requests that it does not get to have failed.
    command = ("timeout", f"{LATE * seconds}s", "stdbuf", "-oL", "curl", *options, *written, f"{url}?[1-{count}]")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    found = [line.split() for line in done.stdout.splitlines()]
    answered = sum(status == ANSWERED for status, _code in found)
    errors = sorted({f"status {status}, curl's exit code {code}" for status, code in found if status != ANSWERED})[:3]
    told = {"requests": answered, "failed": count - answered, "seconds": time.monotonic() - started, "errors": errors}
    print(json.dumps(told))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
