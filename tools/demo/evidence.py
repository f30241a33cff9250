# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the edge, each taken from live traffic or from the live host."""

from __future__ import annotations

import re
import ssl
import time
from collections import Counter
from http.client import HTTPConnection
from socket import create_connection
from typing import TYPE_CHECKING

from ..traffic import AUTHORITY, SECURITY_HEADERS, Client, Response
from .hosts import ACME_AUTHORITY, ACME_DIRECTORY, BACKEND_PORTS, CLIENT, EDGE_ADDRESS, SITE, Ports, docker
from .terminal import CommandError, DemoError, run, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ORIGIN = f"https://{SITE}"
OK = 200
REDIRECTS = {301, 308}
TOO_MANY_REQUESTS = 429
REQUESTS = 6


class MissingEvidenceError(Exception):
    """The edge answers, and not as promised."""


def expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise MissingEvidenceError(otherwise)


class Evidence:
    def __init__(self, directory: Path, ports: Ports) -> None:
        self.directory = directory
        self.ports = ports
        # Cached answers of an earlier demo are not met again.
        self.run_id = int(time.time())
        self.client = Client(CLIENT)

    # How facts are got

    def on_edge(self, command: str, timeout: float = 60) -> str:
        argv = (
            *("ssh", "-i", str(self.directory / "id_ed25519"), "-o", "BatchMode=yes"),
            *("-o", f"UserKnownHostsFile={self.directory / 'known_hosts'}", "-p", str(self.ports.ssh)),
            *("ops@127.0.0.1", command),
        )
        return run(argv, timeout=timeout)

    def fetch_on_edge(self, url: str) -> str:
        program = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=10).read().decode())"
        return self.on_edge(f"python3 -c '{program}' {url}")

    # The facts

    def authority(self) -> str:
        """Fetches the root of the authority that signs, new at each of its starts; what follows verifies against it."""
        self.client.trust("https://acme.test:15000/roots/0", ACME_AUTHORITY)
        docker("cp", f"{CLIENT}:{AUTHORITY}", str(self.directory / "root.pem"))
        return self.client.run("openssl", "x509", "-noout", "-subject", "-in", AUTHORITY).strip()

    def certificate(self) -> str:
        handshake = (
            f"openssl s_client -connect {EDGE_ADDRESS}:443 -servername {SITE} -verify_hostname {SITE}"
            f" -verify_return_error -CAfile {AUTHORITY} </dev/null 2>/dev/null"
        )
        text = self.client.run("sh", "-c", f"{handshake} | openssl x509 -noout -issuer -enddate -ext subjectAltName")
        facts = "; ".join(line.strip() for line in text.splitlines() if line.strip())
        expect("Pebble" in text, f"not issued by the demo's authority: {facts}")
        expect(f"DNS:{SITE}" in text, f"does not name {SITE}: {facts}")
        return facts

    def http_versions(self) -> str:
        seen = []
        for option, version in (("--http1.1", "HTTP/1.1"), ("--http2", "HTTP/2"), ("--http3-only", "HTTP/3")):
            response = self.client.get(f"{ORIGIN}/any/version?{option}", option)
            expect(response.version == version, f"{option} was answered in {response.version}")
            expect(response.status == OK, f"{version} was answered {response.status}")
            seen.append(f"{version} {response.status}")
        return ", ".join(seen)

    def redirect(self) -> str:
        response = self.client.get(f"http://{SITE}/any/page?a=1")
        location = response.headers.get("location", "")
        expect(response.status in REDIRECTS, f"plain HTTP was answered {response.status}")
        expect(location == f"{ORIGIN}/any/page?a=1", f"the redirect leads to '{location}'")
        return f"{response.status} to {location}"

    def affinity(self) -> str:
        processes = self.client.processes(f"{ORIGIN}/api/who?[1-{REQUESTS}]")
        expect(len(processes) == REQUESTS and len(set(processes)) == 1, f"the requests reached {processes}")
        return f"{REQUESTS} requests, all answered by {processes[0]}"

    def spread(self) -> str:
        counted = Counter(self.client.processes(f"{ORIGIN}/any/who?[1-{REQUESTS}]"))
        text = ", ".join(f"{name}: {count}" for name, count in sorted(counted.items()))
        every_process = len(counted) == len(BACKEND_PORTS)
        expect(counted.total() == REQUESTS and every_process, f"the requests reached {text}")
        return f"{REQUESTS} requests: {text}"

    def rate_limit(self) -> str:
        statuses = self.client.statuses(f"{ORIGIN}/api/auth/login?[1-8]")
        text = " ".join(str(status) for status in statuses)
        expect(statuses == [OK] * 4 + [TOO_MANY_REQUESTS] * 4, f"expected four times 200, then 429: {text}")
        return text

    def headers_of_success(self) -> str:
        return self._security_headers(self.client.get(f"{ORIGIN}/any/headers"), OK)

    def headers_of_refusal(self) -> str:
        """Asked right after the rate limit was used up."""
        return self._security_headers(self.client.get(f"{ORIGIN}/api/auth/login"), TOO_MANY_REQUESTS)

    def _security_headers(self, response: Response, status: int) -> str:
        expect(response.status == status, f"answered {response.status} in the place of {status}")
        absent = [name for name in SECURITY_HEADERS if name not in response.headers]
        expect(not absent, f"absent from a {status}: {', '.join(absent)}")
        return ", ".join(SECURITY_HEADERS)

    def web_socket(self) -> str:
        echoed = self.client.run(
            "ws-echo", "--cacert", AUTHORITY, f"wss://{SITE}/ws/echo", "hello", "edge"
        ).splitlines()
        expect(echoed == ["hello", "edge"], f"sent hello, edge; got {echoed}")
        return f"sent and got back: {', '.join(echoed)}"

    def cache(self) -> str:
        answers = [self.client.get(f"{ORIGIN}/api/public/news-{self.run_id}") for _ in range(2)]
        states = [answer.headers.get("x-cache-status", "none") for answer in answers]
        expect(states == ["MISS", "HIT"], f"X-Cache-Status was {states}")
        expect(answers[0].body == answers[1].body, "the second answer is not the stored one")
        return " then ".join(states)

    def stub_status(self) -> str:
        text = self.fetch_on_edge("http://127.0.0.1:8090/stub_status")
        expect(text.startswith("Active connections:"), f"unexpected: {text[:200]!r}")
        return " ".join(text.split())

    def generation(self) -> str:
        text = self.fetch_on_edge("http://127.0.0.1:8090/generation").strip()
        current = self.on_edge("readlink /etc/nginx/nginx.conf").strip()
        expect(bool(text) and text in current, f"answers '{text}', on disk is {current}")
        return f"{text} answers, and is what nginx.conf points to"

    def exporter(self) -> str:
        text = self.fetch_on_edge("http://127.0.0.1:9113/metrics")
        metrics = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        expect(metrics.get("nginx_up") == "1", f"nginx_up is {metrics.get('nginx_up')}")
        return f"nginx_up 1, nginx_http_requests_total {metrics.get('nginx_http_requests_total')}"

    def next_renewal(self) -> str:
        timer = "nginx-edge-certbot.timer"
        text = self.on_edge(f"systemctl show {timer} --property=ActiveState,NextElapseUSecRealtime")
        properties = dict(line.split("=", 1) for line in text.splitlines())
        expect(properties.get("ActiveState") == "active", f"{timer} is {properties.get('ActiveState')}")
        expect(bool(properties.get("NextElapseUSecRealtime")), f"{timer} has no next time")
        return properties["NextElapseUSecRealtime"]

    def rehearsed_renewal(self) -> str:
        # Unless told again, certbot rehearses with Let's Encrypt's staging server, whatever issued the certificate.
        command = (
            f"sudo REQUESTS_CA_BUNDLE={ACME_AUTHORITY} certbot renew --dry-run --no-random-sleep-on-renew"
            f" --cert-name {SITE} --server {ACME_DIRECTORY} 2>&1"
        )
        text = self.on_edge(command, timeout=120)
        match = re.search(r"all simulated renewals succeeded", text)
        expect(match is not None, f"certbot says: {text[-500:]}")
        return "certbot renew --dry-run: all simulated renewals succeeded"

    def published_ports(self) -> str:
        """From this machine itself, as the commands at the end do it."""
        context = ssl.create_default_context(cafile=str(self.directory / "root.pem"))
        with (
            create_connection(("127.0.0.1", self.ports.https), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=SITE) as secured,
        ):
            protocol = secured.version()
        connection = HTTPConnection("127.0.0.1", self.ports.http, timeout=10)
        connection.request("GET", "/", headers={"Host": SITE})
        status = connection.getresponse().status
        connection.close()
        expect(status in REDIRECTS, f"http on port {self.ports.http} was answered {status}")
        return f"https {self.ports.https}: {protocol}, certificate verified; http {self.ports.http}: {status}"


def collect(directory: Path, ports: Ports) -> list[str]:
    """Prints every fact; returns what is missing."""
    evidence = Evidence(directory, ports)
    facts: tuple[tuple[str, Callable[[], str]], ...] = (
        ("authority", evidence.authority),
        ("certificate", evidence.certificate),
        ("protocols", evidence.http_versions),
        ("plain http", evidence.redirect),
        ("with affinity", evidence.affinity),
        ("without affinity", evidence.spread),
        ("rate limit of auth", evidence.rate_limit),
        ("headers of a 429", evidence.headers_of_refusal),
        ("headers of a 200", evidence.headers_of_success),
        ("WebSocket over TLS", evidence.web_socket),
        ("cache", evidence.cache),
        ("generation", evidence.generation),
        ("stub_status", evidence.stub_status),
        ("exporter", evidence.exporter),
        ("next renewal", evidence.next_renewal),
        ("renewal, rehearsed", evidence.rehearsed_renewal),
        ("from this machine", evidence.published_ports),
    )
    return [problem for label, find in facts if (problem := _show(label, find))]


def _show(label: str, find: Callable[[], str]) -> str | None:
    try:
        say(f"  ✔ {label:<19} {find()}")
    except (MissingEvidenceError, DemoError, RuntimeError, OSError, ValueError, KeyError) as error:
        # Of a traceback or of repeated messages, the last line is the one that says it.
        words = error.words if isinstance(error, CommandError) else str(error)
        reason = (words.splitlines() or [repr(error)])[-1]
        say(f"  ✘ {label:<19} {reason}")
        return f"{label}: {reason}"
    return None
