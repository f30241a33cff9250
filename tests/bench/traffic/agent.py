# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the container of the benchmark: serves with one program after the other, and measures each under load.

Reads one JSON object from standard input: ``candidates`` (name -> files and command), ``loads`` (name -> command of the
load generator), ``rounds``, ``seconds``. Prints a JSON line for each measurement, and what it does on standard error.
All traffic stays on loopback.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BACKEND = Path("/tmp/backend.conf")
PORT = 443
TICKS = os.sysconf("SC_CLK_TCK")
PAIR = (Path("/etc/nginx/tls/bench.test/fullchain.pem"), Path("/etc/nginx/tls/bench.test/privkey.pem"))


def make_pair() -> None:
    PAIR[0].parent.mkdir(parents=True, exist_ok=True)
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=bench.test -days 1"
    names = ["-addext", "subjectAltName=DNS:bench.test"]
    subprocess.run(
        [*command.split(), *names, "-out", str(PAIR[0]), "-keyout", str(PAIR[1])], check=True, capture_output=True
    )
    PAIR[0].with_name("haproxy.pem").write_bytes(PAIR[0].read_bytes() + PAIR[1].read_bytes())


def processes() -> dict[int, tuple[int, str]]:
    """Process -> its parent and name."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = path.read_text().rpartition(")")
        except OSError:
            continue
        found[int(path.parent.name)] = (int(rest.split()[1]), head.partition("(")[2])
    return found


def family(root: int) -> list[int]:
    """A process and all that come from it."""
    parents = processes()
    found = [root]
    for one in found:
        found += [child for child, (parent, _name) in parents.items() if parent == one]
    return found


def cpu_seconds(root: int) -> float:
    """What a program and its workers have used so far, in user and kernel mode."""
    total = 0
    for process in family(root):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def measure(load: list[str], process: subprocess.Popen[bytes]) -> dict[str, float]:
    """Requests per second, and CPU microseconds of the program per request."""
    before, started = cpu_seconds(process.pid), time.monotonic()
    done = subprocess.run(load, check=True, capture_output=True, text=True)
    used, seconds = cpu_seconds(process.pid) - before, time.monotonic() - started
    if found := re.search(r"(\d+) requests in ([\d.]+)(m?)s", done.stdout):  # wrk
        requests, errors = int(found[1]), re.findall(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
        failed = int(errors[0]) if errors else 0
    else:  # h2load
        counted = re.search(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed", done.stdout)
        took = re.search(r"finished in ([\d.]+)(m?)s", done.stdout)
        if counted is None or took is None:
            raise SystemExit(f"{load[0]} printed: {done.stdout}{done.stderr}")
        requests, failed = int(counted[2]), int(counted[3])
        seconds = float(took[1]) / (1000 if took[2] else 1)
    if failed or not requests:
        raise SystemExit(f"{failed} of {requests} requests failed: {done.stdout}")
    return {"requests": requests, "requests_per_second": requests / seconds, "cpu_us": used / requests * 1e6}


def serve(candidate: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(candidate["command"], stdout=subprocess.DEVNULL, stderr=sys.stderr)
    wait_for(PORT)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=15)


def main() -> None:
    asked = json.load(sys.stdin)
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    make_pair()
    write(asked["files"])
    backend = subprocess.Popen(["nginx", "-c", str(BACKEND), "-g", "daemon off;"], stderr=sys.stderr)
    try:
        for number in range(asked["rounds"]):
            for load_name, load in asked["loads"].items():
                for name, candidate in asked["candidates"].items():
                    process = serve(candidate)
                    try:
                        subprocess.run(asked["warm_up"], check=True, capture_output=True)
                        result = measure(load, process)
                    finally:
                        stop(process)
                    told = {"round": number, "load": load_name, "candidate": name, **result}
                    print(json.dumps(told), flush=True)  # noqa: T201 - its answer
    finally:
        stop(backend)


if __name__ == "__main__":
    main()
