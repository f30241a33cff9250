# SPDX-License-Identifier: GPL-3.0-or-later
"""The edges of this scenario as a client sees them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.tools.traffic import Client, Response

ADDRESSES = {
    "bullseye": "10.213.80.11",
    "bookworm": "10.213.80.12",
    "trixie": "10.213.80.13",
    "forky": "10.213.80.14",  # without systemd
}
SUITES = [suite for suite in ADDRESSES if f"feature-{suite}" in edges()]


@dataclass(frozen=True)
class Edge:
    """An edge, and the client that asks it; names lead to it without DNS."""

    suite: str
    address: str
    client: Client

    @property
    def name(self) -> str:
        return f"{self.suite}.test"

    @property
    def host(self) -> Client:
        return Client(f"feature-{self.suite}")

    def connect(self, name: str) -> tuple[str, ...]:
        """Options of curl that lead a name to this edge."""
        return ("--connect-to", f"{name}:443:{self.address}:443", "--connect-to", f"{name}:80:{self.address}:80")

    def get(self, path: str, *options: str, name: str = "") -> Response:
        name = name or self.name
        return self.client.get(f"https://{name}{path}", *self.connect(name), *options)

    def plain(self, path: str, name: str) -> Response:
        return self.client.get(f"http://{name}{path}", *self.connect(name))

    def statuses(self, path: str, *options: str) -> list[int]:
        arguments = ("-o", "/dev/null", "-w", "%{http_code}\\n", *self.connect(self.name), *options)
        return [int(line) for line in self.client.curl(*arguments, f"https://{self.name}{path}").split()]

    def processes(self, path: str) -> list[str]:
        printed = self.client.curl(*self.connect(self.name), f"https://{self.name}{path}")
        return [json.loads(line)["process"] for line in printed.splitlines()]
