# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside a container, with its Python alone: lets nginx test one configuration for each line that it reads.

A line is JSON: files (relative path -> text), and what to run while nginx serves them, if anything. The answer is a
line too: exit code, and what was printed. Certificates, keys and authorities that the configuration names are provided
first, and the folder of the caches.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

GENERATION = Path("/etc/nginx/generations/golden")
PAIR = Path("/tmp/pair")
NAMED_FILES = re.compile(
    r"^\s*\w*ssl_(certificate|certificate_key|client_certificate|trusted_certificate) (/\S+);", re.MULTILINE
)

OF_THE_HOST = "worker_connections exceed open file resource limit"
"""A warning that says something of this container: on a host the role nginx raises that limit."""


def make_pair() -> None:
    PAIR.mkdir(exist_ok=True)
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=golden -days 1"
    files = ["-keyout", str(PAIR / "certificate_key"), "-out", str(PAIR / "certificate")]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    Path("/var/cache/nginx-edge").mkdir(parents=True, exist_ok=True)


def provide(text: str) -> None:
    for kind, name in NAMED_FILES.findall(text):
        path = Path(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PAIR / ("certificate_key" if kind == "certificate_key" else "certificate"), path)


def test(files: dict[str, str]) -> tuple[int, str]:
    shutil.rmtree(GENERATION, ignore_errors=True)
    for name, text in files.items():
        path = GENERATION / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        provide(text)
    done = subprocess.run(
        ["nginx", "-t", "-c", str(GENERATION / "nginx.conf")],
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    shutil.rmtree("/var/cache/nginx-edge", ignore_errors=True)
    Path("/var/cache/nginx-edge").mkdir()
    return done.returncode, "\n".join(line for line in done.stderr.splitlines() if OF_THE_HOST not in line)


def serve(command: list[str]) -> tuple[int, str]:
    nginx = ["nginx", "-c", str(GENERATION / "nginx.conf")]
    subprocess.run(nginx, check=True, capture_output=True)
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    finally:
        subprocess.run([*nginx, "-s", "stop"], check=True, capture_output=True)
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    make_pair()
    for line in sys.stdin:
        question = json.loads(line)
        answer = test(question["files"])
        if question["command"] and answer[0] == 0:
            answer = serve(question["command"])
        print(json.dumps(answer), flush=True)  # noqa: T201 - its answer
