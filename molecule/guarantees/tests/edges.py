# SPDX-License-Identifier: GPL-3.0-or-later
"""The edges of this scenario, and what came of the whole corpus on each."""

from __future__ import annotations

import functools
import json
import subprocess
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges, sample_step
from ansible_collections.hardened.nginx_edge.tools.corpus import http2, http3
from ansible_collections.hardened.nginx_edge.tools.corpus.judge import Complaint, judge
from ansible_collections.hardened.nginx_edge.tools.corpus.marks import new_run
from ansible_collections.hardened.nginx_edge.tools.corpus.responses import Outcome, parse_http1
from ansible_collections.hardened.nginx_edge.tools.corpus.rows import Row, Step, fill, read_corpus
from ansible_collections.hardened.nginx_edge.tools.traffic import Client

ADDRESSES = {
    "bullseye": "10.213.87.11",
    "bookworm": "10.213.87.12",
    "trixie": "10.213.87.13",
    "forky": "10.213.87.14",  # without systemd
}
SUITES = [suite for suite in ADDRESSES if f"guarantee-{suite}" in edges()]
HTTP3 = ("trixie", "forky")
CLIENT, BACKEND = Client("guarantee-client"), Client("guarantee-backend")
CLIENT_ADDRESS, PROXY_ADDRESS, CONTROLLER_ADDRESS = "10.213.87.40", "10.213.87.20", "10.213.87.1"
JOURNAL = f"http://{PROXY_ADDRESS}:9009"
LONGEST = 600.0
ROWS = read_corpus().sample(sample_step())


@dataclass(frozen=True)
class Edge:
    """One of them."""

    suite: str

    @property
    def address(self) -> str:
        return ADDRESSES[self.suite]

    @property
    def name(self) -> str:
        return f"{self.suite}.test"

    @property
    def host(self) -> Client:
        return Client(f"guarantee-{self.suite}")


def rows_of(suite: str) -> list[Row]:
    """The rows that a suite's nginx can be asked."""
    return [row for row in ROWS if row.protocol != "h3" or suite in HTTP3]


def send(container: Client, jobs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Have a container send jobs of ``programs/raw_client.py``, and return the results."""
    argv = ("docker", "exec", "--interactive", container.container, "python3", "/srv/raw_client.py")
    done = subprocess.run(argv, input=json.dumps(jobs), capture_output=True, text=True, timeout=LONGEST, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{container.container}: {done.stderr}")
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def raw_step(step: Step, edge: Edge) -> dict[str, Any]:
    """A step as ``programs/raw_client.py`` reads it."""
    return {
        "tls": step.tls,
        "sni": f"{step.site}.{edge.name}" if step.site else edge.name,
        "address": [edge.address, 443 if step.tls else 80],
        "send": step.send,
        "patience": step.patience,
        "certificate": step.certificate,
    }


def journal(run: str) -> dict[str, list[dict[str, Any]]]:
    """All requests that the backend recorded for a run, by mark."""
    with urllib.request.urlopen(f"{JOURNAL}/{run}", timeout=60) as response:  # noqa: S310 - a constant scheme
        found: dict[str, list[dict[str, Any]]] = json.load(response)
    return found


def _filled(row: Row, mark: str, edge: Edge) -> list[Step]:
    values = {
        "host": edge.name,
        "host.upper": edge.name.upper(),
        "edge": edge.address,
        "client": CLIENT_ADDRESS if row.protocol == "http1" else CONTROLLER_ADDRESS,
        "proxy": PROXY_ADDRESS,
        "id": mark,
    }
    return [fill(step, {**values, "mark": f"{mark}s{number}"}) for number, step in enumerate(row.steps)]


def _http1(steps: Mapping[str, Sequence[Step]], edge: Edge) -> dict[str, list[Outcome]]:
    """Outcomes by mark; a trusted proxy and a client send at the same time."""
    by_container = {
        container: [mark for mark, some in steps.items() if any(step.proxy for step in some) is proxy]
        for container, proxy in ((CLIENT, False), (BACKEND, True))
    }
    jobs = [
        (container, [{"id": mark, "steps": [raw_step(step, edge) for step in steps[mark]]} for mark in marks])
        for container, marks in by_container.items()
    ]
    with ThreadPoolExecutor(len(jobs)) as pool:
        results = [one for some in pool.map(lambda job: send(*job), jobs) for one in some]
    return {result["id"]: _outcomes(steps[result["id"]], result["steps"]) for result in results}


def _outcomes(steps: Sequence[Step], results: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    return [
        parse_http1(
            result["received"], closed=result["closed"], head=step.send.startswith("HEAD "), error=result["error"]
        )
        for step, result in zip(steps, results)
    ]


def _frames(protocol: str, steps: Mapping[str, Sequence[Step]], edge: Edge) -> dict[str, list[Outcome]]:
    exchange_all = {"h2": http2.exchange_all, "h3": http3.exchange_all}[protocol]
    names = [f"{some[0].site}.{edge.name}" if some[0].site else edge.name for some in steps.values()]
    return dict(zip(steps, exchange_all(list(zip(names, steps.values())), edge.address)))


@functools.cache
def complaints(suite: str) -> dict[str, list[Complaint]]:
    """What is wrong with each row on a suite's edge, by id; everything is sent at the first call."""
    edge, run = Edge(suite), new_run()
    rows = {f"{run}x{number}": row for number, row in enumerate(rows_of(suite))}
    steps = {mark: _filled(row, mark, edge) for mark, row in rows.items()}
    outcomes: dict[str, list[Outcome]] = {}
    for protocol in ("http1", "h2", "h3"):
        some = {mark: steps[mark] for mark, row in rows.items() if row.protocol == protocol}
        if some:
            outcomes |= _http1(some, edge) if protocol == "http1" else _frames(protocol, some, edge)
    entries: dict[str, list[dict[str, Any]]] = {}
    for mark, seen in journal(run).items():
        entries.setdefault(mark.partition("s")[0], []).extend({**entry, "mark": mark} for entry in seen)
    return {row.id: judge(steps[mark], outcomes[mark], entries.get(mark, []), mark) for mark, row in rows.items()}
