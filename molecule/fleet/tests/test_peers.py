# SPDX-License-Identifier: GPL-3.0-or-later
"""A challenge is answered whichever of several edges the authority reaches, and no request goes round."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.hardened.nginx_edge.molecule.fleet.tests.edges import CLIENT, EDGES, NAME, Edge
from ansible_collections.hardened.nginx_edge.molecule.shared.logs import logged

WEBROOT = "/var/lib/nginx-edge/acme/.well-known/acme-challenge"
HOLDER = EDGES[-1]
Record = Callable[[str, object], None]


@pytest.fixture
def token() -> Iterator[str]:
    """A challenge that only the last edge has."""
    name = secrets.token_hex(8)
    HOLDER.host.run("sh", "-c", f"printf %s answer-{name} > {WEBROOT}/{name} && chmod 0644 {WEBROOT}/{name}")
    yield name
    HOLDER.host.run("rm", f"{WEBROOT}/{name}")


def asked_by_the_first(token: str) -> list[str]:
    """Names of the edges that the first one passed a token on to."""
    return [edge.name for edge in EDGES[1:] if logged(edge.host, token, least=0)]


def test_each_edge_got_a_certificate_of_its_own(record_property: Record) -> None:
    seen = {edge.name: edge.certificate for edge in EDGES}
    count = ("grep", "-c", "acme-challenge", "/var/log/nginx/access.log")
    passed_on = {edge.name: int(edge.host.run(*count)) for edge in EDGES}
    record_property("note", f"challenges that each edge was asked for: {passed_on}")
    assert all("Pebble" in issuer for _serial, issuer in seen.values()), seen
    assert len({serial for serial, _issuer in seen.values()}) == len(EDGES)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
@pytest.mark.parametrize("name", [NAME, "down.test", "unknown.test"])
def test_any_edge_answers_for_the_one_that_has_it(edge: Edge, token: str, name: str) -> None:
    status, body, _seconds = edge.challenge(token, name=name)
    assert (status, body) == (200, f"answer-{token}")


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
def test_an_unknown_token_goes_to_each_peer_once(edge: Edge, record_property: Record) -> None:
    token = secrets.token_hex(8)
    status, _body, seconds = edge.challenge(token)
    # Once by the client, and by itself, for it is listed too; each of the others once.
    expected = [2 if one == edge else 1 for one in EDGES]
    times = [len(logged(one.host, token, least=count)) for one, count in zip(EDGES, expected, strict=True)]
    record_property("note", f"404 after {seconds:.3f} s; asked: {times}")
    assert status == 404
    assert seconds < 1
    assert times == expected


def test_a_forged_header_only_shortens_the_search(token: str) -> None:
    assert EDGES[0].challenge(token, "-H", "X-Edge-Peer: 1")[0] == (200 if EDGES[0] == HOLDER else 404)
    assert HOLDER.challenge(token, "-H", "X-Edge-Peer: 1")[:2] == (200, f"answer-{token}")
    assert len(logged(EDGES[0].host, token)) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_but_reading_is_passed_on(method: str) -> None:
    token = secrets.token_hex(8)
    status, _body, _seconds = EDGES[0].challenge(token, "-X", method)
    assert status in (404, 405)
    assert asked_by_the_first(token) == []


def test_nothing_else_is_passed_on() -> None:
    token = secrets.token_hex(8)
    lead = ("--connect-to", f"{NAME}:80:{EDGES[0].address}:80", "--path-as-is")
    for path in (f"/.well-known/{token}", f"/.well-known/acme-challenge/../{token}", f"/{token}"):
        assert CLIENT.get(f"http://{NAME}{path}", *lead).status == 301
    assert asked_by_the_first(token) == []


def test_a_peer_that_is_down_is_passed_over(token: str) -> None:
    down = EDGES[0]
    down.host.run("systemctl", "stop", "nginx.service")
    try:
        seen = [edge.challenge(token) for edge in EDGES[1:]]
    finally:
        down.host.run("systemctl", "start", "nginx.service")
    assert [(status, body) for status, body, _seconds in seen] == [(200, f"answer-{token}")] * len(EDGES[1:])
    assert max(seconds for _status, _body, seconds in seen) < 3


def test_a_peer_that_does_not_answer_costs_two_seconds(token: str, record_property: Record) -> None:
    """Its nginx is stopped in its tracks: the kernel accepts connections, and nothing reads them."""
    asker, silent = EDGES[0], EDGES[1]
    silent.host.run("pkill", "-STOP", "nginx")
    try:
        status, body, seconds = asker.challenge(token)
    finally:
        silent.host.run("pkill", "-CONT", "nginx")
    record_property("note", f"answered after {seconds:.3f} s")
    assert HOLDER not in (asker, silent)
    assert (status, body) == (200, f"answer-{token}")
    assert seconds < 4
