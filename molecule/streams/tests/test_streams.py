# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams and the PROXY protocol, seen from a client, from a load balancer that is trusted, and from backends."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.shared.logs import logged
from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.tools.traffic import Client, parse_response

ADDRESSES = {"bullseye": "10.213.81.11", "bookworm": "10.213.81.12", "trixie": "10.213.81.13", "forky": "10.213.81.14"}
SUITES = [suite for suite in ADDRESSES if f"stream-{suite}" in edges()]
CLIENT, BALANCER = Client("stream-client"), Client("stream-backend")
SOURCE = (Path(__file__).parent / "line_client.py").read_text(encoding="utf-8")
REAL_CLIENT = "198.51.100.7"
PROXY_LINE = f"PROXY TCP4 {REAL_CLIENT} 203.0.113.1 40000 443"


@dataclass(frozen=True)
class Edge:
    """An edge of one suite."""

    suite: str

    @property
    def address(self) -> str:
        return ADDRESSES[self.suite]

    @property
    def name(self) -> str:
        return f"{self.suite}.test"

    @property
    def host(self) -> Client:
        return Client(f"stream-{self.suite}")

    def argv(self, port: int, *arguments: str) -> tuple[str, ...]:
        return ("python3", "-c", SOURCE, self.address, str(port), *arguments)

    def lines(self, port: int, *arguments: str, sender: Client = CLIENT) -> list[str]:
        """What is answered on a port, line by line."""
        return sender.run(*self.argv(port, *arguments)).splitlines()

    def http(self, path: str, *options: str, sender: Client = CLIENT) -> tuple[int, str]:
        """Status and body over TLS, with a PROXY protocol's line of curl's own."""
        resolved = ("--resolve", f"{self.name}:443:{self.address}")
        arguments = ("curl", "-sSk", "--max-time", "20", "--include", "--http1.1", *resolved, *options)
        response = parse_response(sender.run(*arguments, f"https://{self.name}{path}"))
        return response.status, response.body

    def addresses(self, path: str, *options: str, sender: Client = CLIENT) -> set[str]:
        """All addresses of the client that the backend was told."""
        _status, body = self.http(path, *options, sender=sender)
        headers = json.loads(body)["headers"]
        return {headers["x-real-ip"], headers["x-forwarded-for"]}


@pytest.fixture(scope="session", params=SUITES)
def edge(request: pytest.FixtureRequest) -> Edge:
    return Edge(request.param)


@pytest.mark.feature("TCP and UDP", "packages")  # the stream module is a separate package
def test_weights_of_a_stream(edge: Edge) -> None:
    answered = Counter(line.split()[0] for _turn in range(8) for line in edge.lines(9001, "hello"))
    assert answered == {"7001": 6, "7002": 2}


@pytest.mark.feature("TCP and UDP")
def test_a_backup_serves_when_the_others_are_dead(edge: Edge) -> None:
    assert {line.split()[0] for _turn in range(3) for line in edge.lines(9002, "hello")} == {"7003"}


@pytest.mark.feature("TCP and UDP")
def test_a_hash_keeps_a_client_on_its_server(edge: Edge) -> None:
    assert len({line.split()[0] for _turn in range(6) for line in edge.lines(9003, "hello")}) == 1


@pytest.mark.feature("TCP and UDP")
def test_one_connection_carries_many_lines(edge: Edge) -> None:
    assert [line.split()[2] for line in edge.lines(9005, "one", "two", "three")] == ["one", "two", "three"]


@pytest.mark.feature("TCP and UDP")
def test_networks_of_a_stream(edge: Edge) -> None:
    assert edge.lines(9004, "hello") == ["closed"]
    assert edge.lines(9005, "hello", sender=BALANCER) == ["closed"]
    assert edge.lines(9005, "hello") != ["closed"]


@pytest.mark.feature("TCP and UDP")
def test_one_connection_too_many_is_closed(edge: Edge) -> None:
    first = subprocess.Popen(
        ("docker", "exec", CLIENT.container, *edge.argv(9006, "hello", "--hold", "4")),
        stdout=subprocess.PIPE,
        text=True,
    )
    with first:
        assert first.stdout is not None
        assert first.stdout.readline().startswith("7001 ")
        assert edge.lines(9006, "hello") == ["closed"]
    assert edge.lines(9006, "hello") != ["closed"]


@pytest.mark.feature("TCP and UDP")
def test_an_idle_connection_is_closed(edge: Edge) -> None:
    _answer, seconds = edge.lines(9008, "hello", "--until-closed")
    assert 0.5 < float(seconds) < 5


@pytest.mark.feature("TCP and UDP")
def test_datagrams(edge: Edge) -> None:
    answered = Counter(line.split()[0] for _turn in range(8) for line in edge.lines(9001, "hello", "--udp"))
    assert set(answered) == {"7001", "7002"}
    assert answered["7001"] > answered["7002"]


def served_by_backend(path: str) -> str:
    """Digest of a certificate that the backend has."""
    printed = BALANCER.run("openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", path)
    return printed.strip().partition("=")[2].replace(":", "").lower()


@pytest.mark.feature("TCP and UDP")
@pytest.mark.parametrize(
    ("name", "certificate"),
    [
        ("app.internal", "/srv/tls/fullchain.pem"),
        ("echo.internal", "/srv/tls/echo.pem"),
        ("deep.echo.internal", "/srv/tls/echo.pem"),
    ],
)
def test_tls_is_passed_through_by_its_name(edge: Edge, name: str, certificate: str) -> None:
    assert edge.lines(9443, "--tls", name) == [served_by_backend(certificate)]


@pytest.mark.feature("TCP and UDP")
def test_tls_for_an_unknown_name_is_closed(edge: Edge) -> None:
    assert edge.lines(9443, "--tls", "other.internal") == ["closed"]


@pytest.mark.feature("TCP and UDP")
def test_backends_are_told_the_client_by_the_proxy_protocol(edge: Edge) -> None:
    assert edge.lines(9007, "hello") == ["7010 10.213.81.40 hello"]


@pytest.mark.feature("real client address")
def test_a_stream_believes_trusted_proxies_alone(edge: Edge) -> None:
    if edge.suite == "bullseye":
        # Its stream module has no realip, so the model leaves this stream out there (asking for it is refused).
        assert edge.lines(9010, "hello") == ["closed"]
        return
    assert edge.lines(9010, "hello", "--proxy", PROXY_LINE, sender=BALANCER) == [f"7010 {REAL_CLIENT} hello"]
    assert edge.lines(9010, "hello", "--proxy", PROXY_LINE) == ["7010 10.213.81.40 hello"]


@pytest.mark.feature("real client address")
def test_a_site_believes_trusted_proxies_alone(edge: Edge) -> None:
    proxied = ("--haproxy-clientip", REAL_CLIENT)
    assert edge.addresses("/", *proxied, sender=BALANCER) == {REAL_CLIENT}
    assert edge.addresses("/", *proxied) == {"10.213.81.40"}


@pytest.mark.feature("real client address")
def test_a_client_without_the_proxy_protocol_is_refused(edge: Edge) -> None:
    argv = ("curl", "-sk", "--max-time", "5", "--resolve", f"{edge.name}:443:{edge.address}", f"https://{edge.name}/")
    assert CLIENT.attempt(*argv).returncode != 0


@pytest.mark.feature("real client address")
def test_limits_count_the_real_client(edge: Edge) -> None:
    def statuses(last: int) -> list[int]:
        client = f"198.51.100.{last}"
        return [edge.http("/limited/", "--haproxy-clientip", client, sender=BALANCER)[0] for _request in range(2)]

    first = time.time_ns() // 1_000_000_000 % 120 * 2 + 10  # other clients in each run
    assert statuses(first) == [200, 429]
    assert statuses(first + 1) == [200, 429]


@pytest.mark.feature("TCP and UDP")
def test_the_log_of_streams(edge: Edge) -> None:
    text = "x" * (100 + time.time_ns() // 1_000_000 % 900)  # a session is known by its length
    edge.lines(9005, text)
    session = logged(edge.host, f'"bytes_received":{len(text) + 1},', log="stream.log")[-1]
    assert (session["server_port"], session["remote_addr"], session["status"]) == (9005, "10.213.81.40", 200)
    assert session["upstream"] == "10.213.81.20:7001"


def test_a_name_is_looked_up_again() -> None:
    """Only forky's nginx can; elsewhere the model that asks for it is refused."""
    edge = Edge("forky")
    assert edge.lines(9011, "hello")[0].startswith("7001 ")
    BALANCER.run("sh", "-c", "echo 127.0.0.1 moving.internal > /srv/dns/hosts; systemctl reload test-dns.service")
    try:
        # Nothing listens there on the edge, so the stream ends at once.
        deadline = time.monotonic() + 15
        while edge.lines(9011, "hello") != ["closed"]:
            assert time.monotonic() < deadline
            time.sleep(0.5)
    finally:
        BALANCER.run(
            "sh", "-c", "echo 10.213.81.20 moving.internal > /srv/dns/hosts; systemctl reload test-dns.service"
        )
    deadline = time.monotonic() + 15
    while edge.lines(9011, "hello") == ["closed"]:
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.mark.case("G11")
def test_nginx_starts_and_reloads_without_warnings(edge: Edge) -> None:
    # Lines about clients come from traffic.
    serious = "grep -ahE '\\[(warn|alert|crit|emerg)\\]' /var/log/nginx/error.log*"
    own = f"{serious} | grep -av client:; true"
    assert edge.host.run("sh", "-c", own) == ""


@pytest.mark.case("A9")
def test_the_log_of_the_streams_is_private(edge: Edge) -> None:
    show = ("stat", "-c", "%U:%G %a", "/var/log/nginx/stream.log")
    assert edge.host.run(*show) == "www-data:adm 640\n"
    edge.host.run("logrotate", "--force", "/etc/logrotate.d/nginx")
    assert edge.host.run(*show) == "www-data:adm 640\n"
    text = f"after-rotation-{time.time_ns()}"
    edge.lines(9005, text)
    logged(edge.host, f'"bytes_received":{len(text) + 1},', log="stream.log")


def test_the_configuration_is_private(edge: Edge) -> None:
    public = edge.host.run("find", "/etc/nginx/generations", "-type", "f", "-perm", "-o=r").splitlines()
    assert [path for path in public if "/original/" not in path] == []
