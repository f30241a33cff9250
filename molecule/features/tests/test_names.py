# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and sockets of sites: own ports and addresses, default servers, patterns, and paths without TLS."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import Edge
from ansible_collections.hardened.nginx_edge.tools.traffic import Response

CLIENT_CERTIFICATE = ("--cert", "/srv/client.pem", "--key", "/srv/client.key")
REFUSED = 35  # curl: the TLS handshake failed


def ask(edge: Edge, name: str, port: int, path: str = "/") -> Response:
    return edge.client.get(f"https://{name}:{port}{path}", "--connect-to", f"{name}:{port}:{edge.address}:{port}")


def code(edge: Edge, name: str, port: int) -> int:
    """The exit code of curl."""
    place = ("--connect-to", f"{name}:{port}:{edge.address}:{port}")
    return edge.client.attempt("curl", "-sk", "--max-time", "10", *place, f"https://{name}:{port}/").returncode


@pytest.mark.feature("names and ports")
def test_a_site_has_several_ports(edge: Edge) -> None:
    name = f"ports.{edge.name}"
    answers = [ask(edge, name, port) for port in (443, 8448)]
    assert [answer.json["headers"]["x-forwarded-port"] for answer in answers] == ["443", "8448"]
    assert edge.plain("/", name).headers["location"] == f"https://{name}/"


@pytest.mark.feature("names and ports")
def test_a_site_has_an_address_of_its_own(edge: Edge) -> None:
    name = f"inner.{edge.name}"
    assert ask(edge, name, 8445).status == 200
    own = edge.host.attempt("curl", "-sk", "--connect-to", f"{name}:8445:127.0.0.1:8445", f"https://{name}:8445/")
    assert own.returncode == 7, "nothing listens on another address"


@pytest.mark.feature("names and ports")
@pytest.mark.parametrize("port", [443, 8445, 8448])
def test_an_unknown_name_is_refused_on_each_port(edge: Edge, port: int) -> None:
    assert code(edge, "unknown.example", port) != 0


@pytest.mark.feature("names and ports")
def test_a_default_server_takes_unknown_names(edge: Edge) -> None:
    place = ("--connect-to", f"unknown.example:8446:{edge.address}:8446", "--insecure")
    answer = edge.client.get("https://unknown.example:8446/", *place)
    assert (answer.status, answer.json["headers"]["host"]) == (200, "unknown.example")


@pytest.mark.feature("names and ports")
def test_a_path_is_served_without_tls(edge: Edge) -> None:
    name = f"both.{edge.name}"
    answers = [edge.plain("/crl/list", name), edge.get("/crl/list", name=name)]
    assert [answer.status for answer in answers] == [200, 200]
    assert ["strict-transport-security" in answer.headers for answer in answers] == [False, True]
    for path in ("/", "/CRL/list", "/nothing"):
        moved = edge.plain(path, name)
        assert (moved.status, moved.headers["location"]) == (301, f"https://{name}{path}")


@pytest.mark.feature("names and ports")
def test_patterns_of_names(edge: Edge) -> None:
    seen = [edge.plain("/", name) for name in (f"one.tenants.{edge.name}", "mail.example.net")]
    assert [answer.status for answer in seen] == [200, 200]
    assert seen[0].json["headers"]["x-tenant"] == "one"
    assert "x-tenant" not in seen[1].json["headers"]


@pytest.mark.feature("names and ports")
def test_a_name_with_other_characters(edge: Edge) -> None:
    assert edge.get("/", name=f"xn--bcher-kva.{edge.name}").status == 200


@pytest.mark.feature("names and ports")
def test_a_path_needs_a_client_certificate(edge: Edge) -> None:
    name = f"ports.{edge.name}"
    assert edge.get("/", name=name).status == 200
    refused = [
        edge.get(path, name=name).status for path in ("/partners/", "/partners/a.json", "/partners;x/", "//partners/")
    ]
    assert refused == [403, 403, 400, 403]
    shown = edge.get("/partners/a.json", *CLIENT_CERTIFICATE, name=name)
    assert (shown.status, edge.get("/partners/", *CLIENT_CERTIFICATE, name=name).json["headers"]["x-partner"]) == (
        200,
        "CN=client",
    )


@pytest.mark.feature("TLS termination")
def test_the_post_quantum_key_exchange_can_be_turned_off(edge: Edge) -> None:
    """It is off on the edge with forky. The programs of trixie and forky can do it, the older ones cannot."""
    name = f"ports.{edge.name}"
    place = ("-connect", f"{edge.address}:443", "-servername", name)
    told = edge.client.attempt("openssl", "s_client", "-brief", *place).stderr
    assert "X25519" in told, told
    assert ("X25519MLKEM768" in told) is (edge.suite == "trixie"), told
