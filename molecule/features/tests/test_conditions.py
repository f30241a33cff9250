# SPDX-License-Identifier: GPL-3.0-or-later
"""Methods, and conditions under which requests are refused."""

from __future__ import annotations

import json
import time

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import Edge


def site(edge: Edge) -> str:
    return f"conditions.{edge.name}"


@pytest.mark.feature("conditions")
@pytest.mark.parametrize(
    ("path", "method", "status", "allow"),
    [
        ("/open/", "GET", 200, ""),
        ("/open/", "POST", 200, ""),
        ("/open/", "HEAD", 200, ""),
        ("/open/", "DELETE", 405, "GET, HEAD, POST"),
        ("/open/", "OPTIONS", 405, "GET, HEAD, POST"),
        ("/read/", "POST", 405, "GET, HEAD"),
        ("/", "POST", 401, ""),
        ("/", "DELETE", 405, "GET, HEAD, POST"),
    ],
)
def test_methods(edge: Edge, path: str, method: str, status: int, allow: str) -> None:
    options = ("--head",) if method == "HEAD" else ("-X", method)
    response = edge.get(path, *options, name=site(edge))
    assert (response.status, response.headers.get("allow", "")) == (status, allow)


@pytest.mark.feature("conditions", "cross-origin requests")
def test_a_preflight_request_is_answered(edge: Edge) -> None:
    headers = ("-H", "Origin: https://app.example.com", "-H", "Access-Control-Request-Method: GET")
    assert edge.get("/read/", "-X", "OPTIONS", *headers, name=site(edge)).status == 204
    refused = edge.get("/read/", "-X", "OPTIONS", *headers, "-A", "TestBot", name=site(edge))
    assert refused.status == 403


@pytest.mark.feature("conditions")
@pytest.mark.parametrize(
    ("agent", "status"),
    [("x TESTBOT/2", 403), ("Old/1.2", 403), ("~exact", 403), ("Old/2", 200), ("xact", 200)],
)
def test_a_user_agent_is_refused(edge: Edge, agent: str, status: int) -> None:
    assert edge.get("/open/", "-A", agent, name=site(edge)).status == status


@pytest.mark.feature("conditions")
def test_a_condition_of_a_location_has_its_own_status(edge: Edge) -> None:
    assert [edge.get(f"/open/?stop={stop}", name=site(edge)).status for stop in (0, 1)] == [200, 404]


@pytest.mark.feature("conditions")
@pytest.mark.parametrize(("options", "tier"), [((), "stable"), (("-b", "beta=1"), "beta")])
def test_a_variable_reaches_the_backend(edge: Edge, options: tuple[str, ...], tier: str) -> None:
    """It depends on the network of the client and on a cookie; the client's own header is replaced."""
    response = edge.get("/open/", *options, "-H", "X-Tier: gold", name=site(edge))
    assert json.loads(response.body)["headers"]["x-tier"] == tier


@pytest.mark.feature("conditions")
def test_a_map_chooses_the_upstream(edge: Edge) -> None:
    """Responses of one upstream are not served from the cache to clients of the other; other values choose none."""
    path = f"/canary/{time.time_ns()}"
    cookies = ("", "version=next", "version=10.213.80.20:3003", "version=next", "version=stable")
    found = [edge.get(path, "-b", cookie, name=site(edge)) for cookie in cookies]
    assert [json.loads(one.body)["process"] for one in found] == [
        f"node-{port}" for port in (3001, 3002, 3001, 3002, 3001)
    ]
    assert [one.headers["x-cache-status"] for one in found] == ["MISS", "MISS", "HIT", "HIT", "HIT"]
