# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may come in: passwords, and a service that decides. Passwords stand nowhere where they can be read."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import Edge

ANNA, BOB = ("--user", "anna:secret of anna"), ("--user", "bob:secret of bob")
SESSION = ("--cookie", "session=carl")


@pytest.mark.feature("access control")
def test_a_password_is_asked_for(edge: Edge) -> None:
    name = f"staff.{edge.name}"
    refused = edge.get("/", name=name)
    assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Basic realm="Staff only"')
    assert "x-frame-options" in refused.headers
    assert edge.get("/", "--user", "anna:secret of bob", name=name).status == 401
    assert [edge.get("/", *user, name=name).status for user in (ANNA, BOB)] == [200, 200]


@pytest.mark.feature("access control")
def test_an_open_location_asks_nobody(edge: Edge) -> None:
    assert edge.get("/health", name=f"staff.{edge.name}").status == 200
    assert edge.get("/health/inner", name=f"staff.{edge.name}").status == 401


@pytest.mark.feature("cache")
def test_what_a_password_opened_is_never_shared(edge: Edge) -> None:
    name = f"staff.{edge.name}"
    answers = [edge.get("/cached/private", *ANNA, name=name) for _request in range(2)]
    assert [answer.headers["x-cache-status"] for answer in answers] == ["BYPASS", "BYPASS"]
    assert edge.get("/cached/private", name=name).status == 401


def test_hashes_stand_in_a_file_for_nginx_alone(edge: Edge) -> None:
    listed = edge.host.run("sh", "-c", "stat -c '%a %U %G' /etc/nginx/users/*").split("\n")
    assert listed[0] == "640 root www-data"
    found = edge.host.attempt("grep", "-rlE", "secret of|\\$6\\$", "/etc/nginx/generations", "/var/log/nginx")
    assert (found.returncode, found.stdout) == (1, "")


@pytest.mark.feature("access control")
def test_a_service_decides(edge: Edge) -> None:
    name = f"portal.{edge.name}"
    assert edge.get("/", name=name).status == 401
    answer = edge.get("/page?a=1", *SESSION, name=name)
    assert (answer.status, answer.json["headers"]["x-auth-user"]) == (200, "carl")


@pytest.mark.case("E1")
def test_a_service_decides_about_a_large_body(edge: Edge) -> None:
    name = f"portal.{edge.name}"
    edge.client.run("sh", "-c", "head -c 3000000 /dev/zero > /tmp/three-megabytes")
    sent = ("--data-binary", "@/tmp/three-megabytes")
    assert edge.get("/upload/", *SESSION, *sent, name=name).json["body_bytes"] == 3_000_000
    assert edge.get("/", *SESSION, *sent, name=name).status == 413


@pytest.mark.feature("access control")
def test_a_client_cannot_say_who_it_is(edge: Edge) -> None:
    name, forged = f"portal.{edge.name}", ("-H", "X-Auth-User: root")
    assert edge.get("/", *SESSION, *forged, name=name).json["headers"]["x-auth-user"] == "carl"
    assert "x-auth-user" not in edge.get("/assets/", *forged, name=name).json["headers"]
    assert edge.get("/", *forged, name=name).status == 401
    # Clients cannot reach the internal location of the service.
    path = edge.host.run("sh", "-c", "grep -rhoE '/_edge_auth_[0-9a-f]{8}' /etc/nginx/generations | head -n 1").strip()
    assert edge.get(path, *SESSION, name=name).status == 404


@pytest.mark.feature("cross-origin requests")
def test_scripts_of_an_allowed_origin(edge: Edge) -> None:
    name, origin = f"shared.{edge.name}", ("-H", "Origin: https://app.example.com")
    preflight = edge.get("/", "-X", "OPTIONS", *origin, "-H", "Access-Control-Request-Method: PUT", name=name)
    assert (preflight.status, preflight.headers["access-control-allow-methods"]) == (204, "GET, PUT")
    assert edge.get("/", *origin, name=name).status == 401
    allowed = edge.get("/", *origin, *ANNA, name=name).headers
    assert allowed["access-control-allow-origin"] == "https://app.example.com"
    assert allowed["access-control-allow-credentials"] == "true"
    assert allowed["access-control-expose-headers"] == "X-Backend"
    other = edge.get("/", "-H", "Origin: https://evil.example", *ANNA, name=name).headers
    assert "access-control-allow-origin" not in other
