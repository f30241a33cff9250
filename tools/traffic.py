# SPDX-License-Identifier: GPL-3.0-or-later
"""Live traffic from a separate client: curl, WebSocket and TLS in a container next to the edge.

Shared by the demo's evidence and molecule's tests.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any

AUTHORITY = "/tmp/acme-root.pem"  # noqa: S108 - in a container of our own

SECURITY_HEADERS = (
    "strict-transport-security",
    "content-security-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
)


@dataclass(frozen=True)
class Response:
    """What was answered. Header names are in lower case; the last of several equal headers counts."""

    version: str
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def parse_response(text: str) -> Response:
    """Read what ``curl --include`` prints."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    status_line, *lines = head.split("\n")
    version, status = status_line.split()[:2]
    headers = dict(line.split(":", 1) for line in lines)
    return Response(version, int(status), {name.lower(): value.strip() for name, value in headers.items()}, body)


@dataclass(frozen=True)
class Client:
    """A container that sends traffic.

    :param container: its name.
    :param timeout: seconds for one command.
    """

    container: str
    timeout: float = 60.0

    def run(self, *argv: str) -> str:
        """Standard output of a command in the container, which must succeed."""
        return self.attempt(*argv, check=True).stdout

    def attempt(self, *argv: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """A command in the container, whatever comes of it."""
        done = subprocess.run(
            ("docker", "exec", self.container, *argv), capture_output=True, text=True, timeout=self.timeout, check=False
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(argv)}: exit code {done.returncode}: {done.stderr.strip()}")
        return done

    def start(self, *argv: str) -> str:
        """Start a program in the container that goes on by itself; its process id there."""
        return self.run("sh", "-c", '"$@" >/dev/null 2>&1 </dev/null & echo $!', "sh", *argv).strip()

    def trust(self, url: str, listener_authority: str) -> None:
        """Fetch the root that an ACME server issues under; later requests are verified against it."""
        self.run("curl", "-sS", "--fail", "--cacert", listener_authority, "-o", AUTHORITY, url)

    def curl(self, *arguments: str) -> str:
        """curl, verifying against the fetched root."""
        return self.run("curl", "-sS", "--max-time", "20", "--cacert", AUTHORITY, *arguments)

    def get(self, url: str, *options: str) -> Response:
        """One request and its response."""
        return parse_response(self.curl("--include", *options, url))

    def statuses(self, url: str) -> list[int]:
        """Status codes of one request after the other over one connection; ``[1-9]`` in the URL says how many."""
        return [int(line) for line in self.curl("-o", "/dev/null", "-w", "%{http_code}\\n", url).split()]

    def processes(self, url: str) -> list[str]:
        """Which of the backend's processes answered each request."""
        return [json.loads(line)["process"] for line in self.curl(url).splitlines()]
