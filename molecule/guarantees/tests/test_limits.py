# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits count the clients of an IPv6 network of 64 bits as one; the addresses are on the edge's own loopback."""

from __future__ import annotations

import json
import secrets
from collections import Counter

import pytest

from ansible_collections.hardened.nginx_edge.molecule.guarantees.tests.edges import SUITES, Edge, send
from ansible_collections.hardened.nginx_edge.tools.corpus.responses import parse_http1

ALLOWED = 3  # of a client: the first request, and a burst of 2
CONNECTIONS = """
import json, socket, sys
found, kept = [], []
for source in json.loads(sys.argv[1]):
    connection = socket.create_connection(("::1" if ":" in source else "127.0.0.1", 7001), 10, (source, 0))
    kept.append(connection)
    try:
        connection.sendall(b"hello\\n")
        found.append(bool(connection.recv(100)))
    except ConnectionError:
        found.append(False)
print(json.dumps(found))
"""


def network() -> str:
    """A network of 64 bits that no other run of this test has used."""
    words = secrets.token_hex(4)
    return f"2001:db8:{words[:4]}:{words[4:]}"


def addresses(edge: Edge, prefix: str, count: int) -> list[str]:
    """Addresses of a network, which the edge gets on loopback."""
    found = [f"{prefix}::{number:x}" for number in range(1, count + 1)]
    for one in found:
        edge.host.run("ip", "-6", "address", "add", f"{one}/128", "dev", "lo")
    return found


def statuses(edge: Edge, sources: list[str]) -> Counter[int | str]:
    """What requests from these addresses got."""
    request = f"GET /per-client/ HTTP/1.1\r\nHost: {edge.name}\r\nConnection: close\r\n\r\n"
    common = {"tls": True, "sni": edge.name, "send": request, "patience": 10}
    to = {True: ["::1", 443], False: ["127.0.0.1", 443]}
    jobs = [{"id": one, "steps": [{**common, "source": one, "address": to[":" in one]}]} for one in sources]
    results = (result["steps"][0] for result in send(edge.host, jobs))
    return Counter(parse_http1(one["received"], closed=one["closed"]).status for one in results)


@pytest.mark.case("A8")
@pytest.mark.parametrize("suite", SUITES)
def test_an_ipv6_network_is_one_client(suite: str) -> None:
    edge = Edge(suite)
    assert statuses(edge, addresses(edge, network(), 11)) == {200: ALLOWED, 429: 11 - ALLOWED}


@pytest.mark.case("A8")
@pytest.mark.parametrize("suite", SUITES)
def test_other_networks_are_other_clients(suite: str) -> None:
    edge = Edge(suite)
    sources = [one for _number in range(6) for one in addresses(edge, network(), 1)]
    assert statuses(edge, sources) == {200: 6}


@pytest.mark.case("A8")
@pytest.mark.parametrize("suite", SUITES)
def test_ipv4_addresses_are_clients_of_their_own(suite: str) -> None:
    words = secrets.token_bytes(2)
    sources = [f"127.{words[0]}.{words[1]}.{number}" for number in range(1, 7)]
    assert statuses(Edge(suite), sources) == {200: 6}


@pytest.mark.case("A8")
@pytest.mark.parametrize("suite", SUITES)
def test_streams_count_networks_too(suite: str) -> None:
    edge = Edge(suite)
    one, other = addresses(edge, network(), 4), addresses(edge, network(), 1)
    answered = json.loads(edge.host.run("python3", "-c", CONNECTIONS, json.dumps([*one, *other])))
    assert answered == [True, True, False, False, True]
