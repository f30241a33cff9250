# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads a large response several times, one after the other: ``stream.py URL BYTES TIMES``.

Prints JSON: the downloads, those that failed, bytes per second, and milliseconds from the request to the first byte.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

MILLISECONDS = 1000
OK = "200"


def main() -> None:
    url, size, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    fields = "%{http_code} %{size_download} %{time_pretransfer} %{time_starttransfer} %{time_total}"
    command = ("curl", "--silent", "--insecure", "--http1.1", "--max-time", "60", "--output", "/dev/null")
    waits, seconds, errors = [], 0.0, []
    for _number in range(times):
        done = subprocess.run((*command, "--write-out", fields, url), capture_output=True, text=True, check=False)
        status, received, ready, first, total = done.stdout.split()
        if status != OK or int(received) != size:
            errors.append(f"status {status}, {received} bytes")
            continue
        waits.append((float(first) - float(ready)) * MILLISECONDS)
        seconds += float(total) - float(ready)
    answered = len(waits)
    told = {"requests": answered, "failed": len(errors), "seconds": seconds, "errors": errors[:3]}
    if answered:
        told |= {"bytes_per_second": answered * size / seconds, "first_byte_ms": statistics.median(waits)}
    print(json.dumps(told))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
