# SPDX-License-Identifier: GPL-3.0-or-later
"""Benchmark of traffic: what the rendered default configuration costs per request, and how many requests it serves.

In one container, on loopback, round after round and interleaved: the rendered configuration (``edge``), the one that
commit :data:`BEFORE` rendered (``before``), nginx as textbooks have it, and HAProxy of the distribution. The load
generators share the machine's cores with what they measure, so that requests per second are ratios, not capacities.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / ".cache" / "collections"))

from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, rendered  # noqa: E402

from .cpu_load import other_load  # noqa: E402

BEFORE = "544e7c4"
"""The last commit whose configuration had none of the guarantees of headers, access rules and caches."""
SUITE = "trixie"
IMAGE = f"nginx-edge/bench:{SUITE}"
BENCH = REPOSITORY / "tests" / "bench"
OLD_TREE = REPOSITORY / ".cache" / "bench" / BEFORE
BODY_BYTES = 1024
ROUNDS = 5
SECONDS = 3
URL = "https://bench.test/"
MODEL: dict[str, Any] = {
    "edge_certificate_source": "self_signed",
    "edge_ipv6": False,
    "edge_upstreams": [{"name": "app", "servers": [{"address": "127.0.0.1:9001"}]}],
    "edge_sites": [{"name": "bench.test", "locations": [{"path": "/", "upstream": "app"}]}],
}
LOADS = {
    "HTTP/1.1, 64 connections": ["wrk", "-t1", "-c64", f"-d{SECONDS}", URL],
    "HTTP/1.1, 512 connections": ["wrk", "-t1", "-c512", f"-d{SECONDS}", URL],
    "HTTP/2, 64 connections, 10 streams": ["h2load", "-t1", "-c64", "-m10", "-n60000", URL],
}
LIKE_A_BROWSER = (
    ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
    ("accept-encoding", "gzip, br"),
    ("accept-language", "de,en;q=0.8"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
)
RENDER = (
    "import json, sys; from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, rendered;"
    f" json.dump(rendered(json.load(sys.stdin), TARGETS['{SUITE}']), sys.stdout)"
)


def rendered_before() -> dict[str, str]:
    """What the pinned commit renders, by its own code."""
    tree = OLD_TREE / "ansible_collections" / "hardened" / "nginx_edge"
    if not tree.exists():
        tree.mkdir(parents=True)
        archive = subprocess.run(("git", "archive", BEFORE), cwd=REPOSITORY, check=True, capture_output=True)
        subprocess.run(("tar", "-x", "-C", str(tree)), input=archive.stdout, check=True)
    environment = {**os.environ, "PYTHONPATH": str(OLD_TREE)}
    command = (sys.executable, "-c", RENDER)
    done = subprocess.run(
        command, input=json.dumps(MODEL), env=environment, check=True, capture_output=True, text=True, cwd=tree
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def generation(name: str, files: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The main file of a generation of that name, and all of its files by their absolute paths."""
    folder = f"/etc/nginx/generations/{name}"
    moved = {
        f"{folder}/{path}": text.replace("generations/golden", f"generations/{name}") for path, text in files.items()
    }
    return f"{folder}/nginx.conf", moved


def question() -> dict[str, Any]:
    """What the agent in the container is asked to measure."""
    files = {
        "/tmp/backend.conf": _text("backend.conf").replace("@BODY@", "x" * BODY_BYTES),  # noqa: S108 - in a container
        "/etc/nginx/textbook.conf": _text("textbook.conf"),
        "/etc/haproxy/bench.cfg": _text("haproxy.cfg"),
    }
    mains = {}
    for name, texts in (("edge", rendered(MODEL, TARGETS[SUITE])), ("before", rendered_before())):
        mains[name], moved = generation(name, texts)
        files.update(moved)
    nginx = {name: ["nginx", "-c", main, "-g", "daemon off;"] for name, main in mains.items()}
    nginx["textbook nginx"] = ["nginx", "-c", "/etc/nginx/textbook.conf", "-g", "daemon off;"]
    candidates = {**nginx, "HAProxy": ["haproxy", "-W", "-f", "/etc/haproxy/bench.cfg"]}
    headers = [word for name, value in LIKE_A_BROWSER for word in ("-H", f"{name}: {value}")]
    return {
        "files": files,
        "candidates": {name: {"command": command} for name, command in candidates.items()},
        "loads": {name: [*load[:-1], *headers, load[-1]] for name, load in LOADS.items()},
        "warm_up": ["wrk", "-t1", "-c64", "-d1", URL],
        "rounds": ROUNDS,
    }


def _text(name: str) -> str:
    return (BENCH / name).read_text(encoding="utf-8")


def measured() -> Iterator[dict[str, Any]]:
    """Run all of it, and yield each measurement as it comes."""
    subprocess.run((str(REPOSITORY / "tests" / "hosts" / "build.sh"), f"bench:{SUITE}"), check=True)
    options = ("--rm", "--init", "--interactive", "--network", "none", "--add-host", "bench.test:127.0.0.1")
    command = ("docker", "run", *options, IMAGE, "python3", "-c", _text("agent.py"))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the container has no pipes")
        json.dump(question(), process.stdin)
        process.stdin.close()
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise RuntimeError(f"the agent ended with exit code {process.returncode}")


def summary(results: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """Load -> candidate -> medians over the rounds, and the smallest and largest value of requests per second."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for load in dict.fromkeys(one["load"] for one in results):
        for name in dict.fromkeys(one["candidate"] for one in results):
            own = [one for one in results if (one["load"], one["candidate"]) == (load, name)]
            rates = [one["requests_per_second"] for one in own]
            found.setdefault(load, {})[name] = {
                "requests_per_second": statistics.median(rates),
                "least": min(rates),
                "most": max(rates),
                "cpu_us": statistics.median(one["cpu_us"] for one in own),
            }
    return found


def table(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[str]:
    """Lines: medians, and ratios of the edge to each of the others."""
    for load, candidates in found.items():
        yield f"\n{load}, {BODY_BYTES} bytes"
        own = candidates["edge"]
        for name, one in candidates.items():
            ratio = own["requests_per_second"] / one["requests_per_second"]
            cost = own["cpu_us"] / one["cpu_us"]
            yield (
                f"  {name:<15} {one['requests_per_second']:8.0f} requests/s ({one['least']:.0f} to {one['most']:.0f})"
                f"  {one['cpu_us']:6.1f} us CPU per request   edge: {ratio:.2f} x requests/s, {cost:.2f} x CPU"
            )


def main() -> dict[str, Any]:
    """Measure, print the table, and return what was measured."""
    before, results = other_load(), []
    for one in measured():
        results.append(one)
        print(
            f"  round {one['round'] + 1}/{ROUNDS}  {one['load']:<36} {one['candidate']:<15}"
            f" {one['requests_per_second']:8.0f} requests/s",
            flush=True,
        )
    found = summary(results)
    print("\n".join(table(found)))
    print(f"other load on the machine: {before:.0%} of a core before, {other_load():.0%} after")
    return {"traffic": found, "other_load": before}


if __name__ == "__main__":
    main()
