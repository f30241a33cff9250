# SPDX-License-Identifier: GPL-3.0-or-later
"""The edges of this scenario, as many of them as there are, and what is asked of them."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import time
from collections import Counter
from dataclasses import dataclass

from ansible_collections.hardened.nginx_edge.molecule.shared.runs import MODEL_ALONE, run_site
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, Client

NAME = "fleet.test"
CLIENT = Client("fleet-client", timeout=120)
SERIAL = "openssl s_client -connect {}:443 -servername {} </dev/null 2>/dev/null | openssl x509 -noout -serial -issuer"
GENERATION = (
    "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8090/generation', timeout=10).read().decode())"
)
MOST_ROUNDS = 5000

run_fleet = functools.partial(run_site, *MODEL_ALONE, timeout=1200)
"""Batches come one after the other, so this takes longer than a run over hosts that are changed at once."""


@dataclass(frozen=True)
class Edge:
    """One of several edges that have the same name."""

    name: str
    address: str

    @property
    def host(self) -> Client:
        return Client(self.name, timeout=120)

    @property
    def generation(self) -> str:
        """The one that answers."""
        return self.host.run("python3", "-c", GENERATION).strip()

    @property
    def body(self) -> str:
        """What clients get."""
        return CLIENT.get(f"https://{NAME}/", "--connect-to", f"{NAME}:443:{self.address}:443").body

    @property
    def certificate(self) -> tuple[str, str]:
        """Serial number and issuer, as clients get them."""
        printed = CLIENT.run("sh", "-c", SERIAL.format(self.address, NAME)).splitlines()
        return printed[0].partition("=")[2], printed[1].partition("=")[2]

    def challenge(self, token: str, *options: str, name: str = NAME) -> tuple[int, str, float]:
        """Status, body and seconds of what an authority gets."""
        lead = ("-sS", "--max-time", "15", "--connect-to", f"{name}:80:{self.address}:80", *options)
        url = f"http://{name}/.well-known/acme-challenge/{token}"
        body, _line, told = CLIENT.run("curl", *lead, "-w", "\n%{http_code} %{time_total}", url).rpartition("\n")
        status, seconds = told.split()
        return int(status), body, float(seconds)


def _edges() -> tuple[Edge, ...]:
    argv = ["ansible-inventory", "--list", "-i", os.environ["MOLECULE_INVENTORY_FILE"]]
    told = json.loads(subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout)
    variables = told["_meta"]["hostvars"]
    return tuple(Edge(name, variables[name]["server_address"]) for name in sorted(told["edge"]["hosts"]))


EDGES = _edges()
CANARY = EDGES[0]
MIDDLE = len(EDGES) // 2
REFUSES = EDGES[MIDDLE]
BATCHES = ["1", str(MIDDLE), "100%"]
"""The canary; a batch whose last edge is the one that refuses; the others."""
LATER = EDGES[MIDDLE + 1 :]


def trust() -> None:
    """The client trusts the authority that the edges' certificates come from."""
    authority = Client("fleet-acme").run("cat", "/srv/acme/ca.pem")
    CLIENT.run("sh", "-c", f"cat > /tmp/listener.pem <<'EOF'\n{authority}\nEOF")
    address = Client("fleet-acme").run("hostname", "-i").split()[0]
    lead = ("--connect-to", f"acme.test:15000:{address}:15000")
    url = "https://acme.test:15000/roots/0"
    CLIENT.run("curl", "-sS", "--fail", "--cacert", "/tmp/listener.pem", *lead, "-o", AUTHORITY, url)


class Asking:
    """A client that asks every edge in turn, over a new connection each time, until it is told to stop."""

    def __enter__(self) -> Asking:
        addresses = " ".join(edge.address for edge in EDGES)
        CLIENT.run("rm", "-f", "/tmp/asked", "/tmp/enough")
        ask = (
            f"curl -s -o /dev/null --max-time 10 --cacert {AUTHORITY} --connect-to {NAME}:443:$edge:443"
            f" -w '%{{http_code}} %{{exitcode}} '$edge'\\n' https://{NAME}/ >> /tmp/asked"
        )
        loop = f"for edge in {addresses}; do {ask}; done; round=$((round + 1)); sleep 0.1"
        CLIENT.start(
            "sh", "-c", f"round=0; while [ $round -lt {MOST_ROUNDS} ] && [ ! -e /tmp/enough ]; do {loop}; done"
        )
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(1)
        CLIENT.run("touch", "/tmp/enough")
        time.sleep(1)
        self.answers = Counter(CLIENT.run("cat", "/tmp/asked").splitlines())

    @property
    def failed(self) -> list[str]:
        """Answers that are not 200, with how often each came."""
        return [f"{count} times {answer}" for answer, count in self.answers.items() if not answer.startswith("200 0 ")]

    @property
    def note(self) -> str:
        """What was seen, in a few words."""
        return (
            f"{self.answers.total()} requests to {len(self.answers)} edges, failed: {', '.join(self.failed) or 'none'}"
        )
