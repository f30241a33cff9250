# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the container of the benchmark: serves with one program after the other, and puts each under load.

Reads one JSON object from standard input:

- ``files``: path -> text, ``sparse``: path -> size in bytes, ``directories``: paths;
- ``candidates``: name -> ``command``, and optionally ``beside``, commands that run at the same time, and ``log``, a
  file whose lines are counted;
- ``loads``: name -> ``command`` of the load generator, ``warm_up``, a command, and ``candidates``, their names;
- ``rounds``: their number.

Prints a JSON line for each measurement: what the load generator printed, and the CPU time of the program. Candidates
take turns, and each round starts with another one. All traffic stays on loopback.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from processes import cpu_seconds, memory_bytes, wait_for

BACKEND = ("nginx", "-c", "/etc/nginx/bench-backend.conf", "-g", "daemon off;")
PAIR = (Path("/etc/nginx/tls/bench.test/fullchain.pem"), Path("/etc/nginx/tls/bench.test/privkey.pem"))
LOGS = (Path("/var/log/nginx"), Path("/var/log/caddy"), Path("/var/log/bench"))
PATIENCE = 120.0
FLUSHED = 0.5
"""Seconds until the reader of a log has written what arrived."""


def make_pair() -> None:
    PAIR[0].parent.mkdir(parents=True, exist_ok=True)
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=bench.test -days 1"
    names = ["-addext", "subjectAltName=DNS:bench.test"]
    subprocess.run(
        [*command.split(), *names, "-out", str(PAIR[0]), "-keyout", str(PAIR[1])], check=True, capture_output=True
    )
    PAIR[0].with_name("haproxy.pem").write_bytes(PAIR[0].read_bytes() + PAIR[1].read_bytes())


def write(asked: Mapping[str, Any]) -> None:
    for directory in (*asked.get("directories", ()), *LOGS):
        Path(directory).mkdir(parents=True, exist_ok=True)
    for name, text in asked["files"].items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name, size in asked.get("sparse", {}).items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)


@contextmanager
def running(command: Sequence[str], port: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, wait until it listens, and end it.

    :raises RuntimeError: the program ended before.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    try:
        if port is not None:
            wait_for(port)
        yield process
        if process.poll() is not None:
            raise RuntimeError(f"{command[0]} ended with exit code {process.returncode}")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def load(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def measure(asked: Mapping[str, Any], candidate: Mapping[str, Any]) -> dict[str, Any]:
    """Serve, warm up, and measure one load."""
    empty_logs()
    with ExitStack() as stack:
        for command in candidate.get("beside", ()):
            stack.enter_context(running(command))
        process = stack.enter_context(running(candidate["command"], port=443))
        load(asked["warm_up"])
        if "log" in candidate:
            time.sleep(FLUSHED)
        empty_logs()
        before, started = cpu_seconds(process.pid), time.monotonic()
        done = load(asked["command"])
        seconds = time.monotonic() - started
        used, memory = cpu_seconds(process.pid) - before, memory_bytes(process.pid)
    told = {"code": done.returncode, "out": done.stdout, "err": done.stderr[-2000:]}
    return {**told, "cpu_seconds": used, "memory_bytes": memory, "seconds": seconds, "logged": logged(candidate)}


def logged(candidate: Mapping[str, Any]) -> int | None:
    """Lines in the log of a candidate that has ended; None if they are not to be counted."""
    if "log" not in candidate:
        return None
    with open(candidate["log"], "rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def empty_logs() -> None:
    """The logs of some hundred thousand requests would fill the disk."""
    for folder in LOGS:
        for path in folder.iterdir():
            if path.is_file():
                with path.open("wb"):
                    pass


def turns(asked: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    """Round, load and candidate, in order."""
    for number in range(asked["rounds"]):
        for name, one in asked["loads"].items():
            names = one["candidates"]
            first = number % len(names)
            for candidate in (*names[first:], *names[:first]):
                yield number, name, candidate


def main() -> None:
    asked = json.load(sys.stdin)
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    make_pair()
    write(asked)
    with running(BACKEND, port=9001):
        for number, name, candidate in turns(asked):
            told: dict[str, Any] = {"round": number, "load": name, "candidate": candidate}
            try:
                told |= measure(asked["loads"][name], asked["candidates"][candidate])
            except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                told |= {"code": -1, "out": "", "err": str(error)}
            print(json.dumps(told), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
