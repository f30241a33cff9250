# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of this scenario, and situations: what clients get before, during and after something happens."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run, run_site
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.x509 import X509Certificate, parse_der
from ansible_collections.hardened.nginx_edge.tools.traffic import Client

ADDRESSES = {"bullseye": "10.213.83.11", "bookworm": "10.213.83.12", "trixie": "10.213.83.13"}
PREFIX = "certificates-"
ACME = Client("certificates-acme")
CLIENT = Client("certificates-client")
BUNDLE = "/etc/ssl/acme-ca.pem"
TIMER, SERVICE = "nginx-edge-certbot.timer", "nginx-edge-certbot.service"
Note = Callable[[str], None]
"""Writes what a test saw into its report."""
_WATCH = Path(__file__).with_name("watch.py")
_PLAYBOOK = Path(__file__).parents[1] / "certificates.yml"


def suites() -> list[str]:
    """The systems whose edges are there."""
    return [suite for suite in ADDRESSES if PREFIX + suite in edges()]


@dataclass(frozen=True)
class Edge:
    """An edge, on its host and as the client sees it."""

    suite: str

    @property
    def name(self) -> str:
        return f"{self.suite}.test"

    @property
    def host(self) -> Client:
        return Client(PREFIX + self.suite, timeout=180)

    @property
    def address(self) -> str:
        return ADDRESSES[self.suite]

    def shell(self, script: str) -> str:
        """What a script prints on the host; it must succeed."""
        return self.host.run("sh", "-ec", script)

    def served(self, name: str = "") -> X509Certificate | None:
        """The certificate that the client is shown for a name; None when its handshake is refused."""
        name = name or self.name
        argv = ("openssl", "s_client", "-connect", f"{self.address}:443", "-servername", name)
        text = CLIENT.attempt(
            "sh", "-c", " ".join(argv) + " </dev/null 2>/dev/null | openssl x509 -outform DER | base64"
        )
        return parse_der(base64.b64decode(text.stdout)) if text.stdout.strip() else None

    def on_disk(self, name: str = "") -> X509Certificate | None:
        """The certificate that certbot keeps under a name."""
        path = f"/etc/letsencrypt/live/{name or self.name}/fullchain.pem"
        text = self.host.attempt("sh", "-c", f"openssl x509 -outform DER -in {path} | base64")
        return parse_der(base64.b64decode(text.stdout)) if text.returncode == 0 and text.stdout.strip() else None

    def journal(self, unit: str, since: str) -> str:
        """What a unit, and the one that takes renewed certificates over, said since a moment of its host."""
        options = f"--no-pager --since '{since}'"
        return self.shell(f"journalctl {options} -u {unit} -u nginx-edge-take-over.service")

    def asked(self) -> str:
        """When certbot was last started, by its log; the same as long as it was not."""
        return self.shell("stat -c %Y.%s /var/log/letsencrypt/letsencrypt.log 2>/dev/null || echo never")

    def make_due(self, name: str = "") -> None:
        """Let certbot take a certificate for due, whatever its version thinks of dates."""
        path = f"/etc/letsencrypt/renewal/{name or self.name}.conf"
        self.not_due(name)
        self.shell(f"sed -i '1i renew_before_expiry = 3650 days' {path}")

    def not_due(self, name: str = "") -> None:
        self.shell(f"sed -i '/renew_before_expiry/d' /etc/letsencrypt/renewal/{name or self.name}.conf")


@dataclass
class Watched:
    """What a client saw while something happened, one new connection after the other."""

    count: int = 0
    failures: list[str] = field(default_factory=list)
    shown: list[X509Certificate] = field(default_factory=list)


@dataclass(frozen=True)
class Story:
    """A situation at one edge."""

    before: X509Certificate | None
    during: Watched
    after: X509Certificate | None
    outcome: Any

    @property
    def went_over(self) -> bool:
        """Clients saw the old certificate first, the new one last, and no third. In between they may get either: old
        and new workers take connections side by side for a moment.
        """
        shown = self.during.shown
        known = all(one in (self.before, self.after) for one in shown)
        return known and len(shown) > 1 and (shown[0], shown[-1]) == (self.before, self.after)

    def told(self) -> str:
        """In one line, for the report."""
        seen = " then ".join(_short(one) for one in self.during.shown) or "nothing"
        failed = f", {len(self.during.failures)} failed" if self.during.failures else ", none failed"
        return (
            f"before: {_short(self.before)}; during: {self.during.count} new connections{failed}, saw {seen};"
            f" after: {_short(self.after)}"
        )


def _short(certificate: X509Certificate | None) -> str:
    return f"{certificate.serial[-6:]} of {certificate.issuer}" if certificate else "no certificate"


def happens(
    what: Callable[[], Any], edges: list[Edge], name: Callable[[Edge], str] = lambda edge: edge.name
) -> dict[str, Story]:
    """Do something to all edges, and tell for each what its clients got for a name meanwhile; ``what`` may return one
    outcome for each suite."""
    before = {edge.suite: edge.served(name(edge)) for edge in edges}
    program = _WATCH.read_text(encoding="utf-8")
    old = " ".join(f"/tmp/seen.{edge.suite}*" for edge in edges)
    CLIENT.run("sh", "-ec", f"cat > /tmp/watch.py <<'EOF'\n{program}\nEOF\nrm -f {old}")
    for edge in edges:
        CLIENT.start("python3", "/tmp/watch.py", edge.address, name(edge), f"/tmp/seen.{edge.suite}")
    try:
        outcome = what()
        time.sleep(0.5)
    finally:
        CLIENT.run("sh", "-c", " ".join(["touch", *(f"/tmp/seen.{edge.suite}.stop" for edge in edges)]))
    stories = {}
    for edge in edges:
        own = outcome[edge.suite] if isinstance(outcome, Mapping) else outcome
        stories[edge.suite] = Story(before[edge.suite], _watched(edge.suite), edge.served(name(edge)), own)
    return stories


def _watched(suite: str) -> Watched:
    watched = Watched()
    deadline = time.monotonic() + 20
    while not watched.count:
        assert time.monotonic() < deadline, "the watch did not end"
        time.sleep(0.3)
        lines = [json.loads(line) for line in CLIENT.run("cat", f"/tmp/seen.{suite}").splitlines()]
        watched = Watched(
            count=next((line["count"] for line in lines if "count" in line), 0),
            failures=[line["failed"] for line in lines if "failed" in line],
            shown=[parse_der(base64.b64decode(line["shown"])) for line in lines if "shown" in line],
        )
    return watched


def site(name: str, *aliases: str, **options: Any) -> dict[str, Any]:
    """A site of each edge, for ``edge_sites``."""
    location = {"path": "/", "return": {"status": 200, "text": f"served by {name}"}}
    return {"name": name, "aliases": list(aliases), "locations": [location], **options}


OWN = "{{ server_name }}"
BASE = site(OWN, f"www.{OWN}")
DIRECTORY = "https://acme.test:14000/dir"
"""The authority of the scenario's own model."""


def run(folder: Path, *options: str, **variables: Any) -> Run:
    """A run on all edges: the plays of the site's playbook, but for the roles that certificates are no matter of."""
    return run_site(*options, variables=variables, folder=folder, playbook=str(_PLAYBOOK))


def settle(edges: list[Edge], folder: Path) -> None:
    """Bring the edges back to the scenario's own authority, where other tests left them at another one."""
    servers = [edge.shell(f"grep '^server = ' /etc/letsencrypt/renewal/{edge.name}.conf") for edge in edges]
    if any(server.strip() != f"server = {DIRECTORY}" for server in servers):
        assert run(folder).code == 0


_POST = """import ssl, sys, urllib.request
url, body = sys.argv[1:]
context = ssl._create_unverified_context()
print(urllib.request.urlopen(url, body.encode(), timeout=10, context=context).read().decode())"""


def post(url: str, body: Mapping[str, Any]) -> None:
    """Send JSON to a management port of the authorities' host."""
    ACME.run("python3", "-c", _POST, url, json.dumps(body))


def lead(address: str, *names: str) -> None:
    """Let the authorities and the edges resolve names to this address only."""
    for name in names:
        post("http://localhost:8055/clear-a", {"host": f"{name}."})
        post("http://localhost:8055/add-a", {"host": f"{name}.", "addresses": [address]})


def start_renewal(edge: Edge) -> str:
    """Start the unit that renews; return the state in which it ended."""
    edge.host.attempt("systemctl", "start", SERVICE)
    return edge.shell(f"systemctl show --value {SERVICE} --property=ActiveState").strip()
