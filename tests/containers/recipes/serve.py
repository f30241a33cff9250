#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside a container while nginx serves a recipe: sends the requests of a task, and prints the result.

The argument is a file with the task as JSON: ``addresses`` that this host gets, ``files`` of the application (path ->
text) and ``links``, ``listeners`` and ``answers`` of the applications, ``jobs`` for ``raw_client.py``, ``folders`` to
remove at the end. The result is a line of JSON: ``results`` of the jobs, and ``journal``: mark -> requests that
arrived, and lines of the access log.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import application
import raw_client

ACCESS_LOG = Path("/var/log/nginx/access.log")
FLUSH = 1.5
"""Seconds after which nginx has written what it logged."""


def write(path: Path, text: str) -> None:
    """Write a file of the application."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="latin-1")


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Send the requests."""
    for name, text in task["files"].items():
        write(Path(name), text)
    for name, target in task["links"].items():
        Path(name).symlink_to(target)
    application.listen(task["listeners"], task["answers"])
    size = ACCESS_LOG.stat().st_size if ACCESS_LOG.exists() else 0
    results = raw_client.run(task["jobs"])
    time.sleep(FLUSH if task["log"] else 0)
    with ACCESS_LOG.open(encoding="latin-1") as log:
        log.seek(size)
        for line in log:
            application.record({"server": "log", "line": line, "headers": [], "body": "", "body_bytes": 0})
    return {"results": results, "journal": application.journal}


def main() -> None:
    """Run a task, and leave the container as it was."""
    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for address in task["addresses"]:
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=False, capture_output=True)
    try:
        done = run(task)
    finally:
        for folder in task["folders"]:
            shutil.rmtree(folder, ignore_errors=True)
        for one in task["listeners"]:
            if one["address"].startswith("unix:") and os.path.exists(one["address"][5:]):
                os.unlink(one["address"][5:])
    print(json.dumps(done), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
