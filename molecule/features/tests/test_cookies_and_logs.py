# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes of the cookies of backends, and log files of sites and locations."""

from __future__ import annotations

import json
import time

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import Edge


def cookies(edge: Edge) -> list[set[str]]:
    """Each cookie as the set of its parts."""
    name = f"cookies.{edge.name}"
    answer = edge.client.curl("--include", *edge.connect(name), f"https://{name}/set-cookies")
    lines = [line for line in answer.splitlines() if line.lower().startswith("set-cookie:")]
    return [{part.strip() for part in line.partition(":")[2].split(";")} for line in lines]


def lines_of(edge: Edge, file: str, mark: str) -> list[str]:
    """The lines of a log with a mark; nginx writes its buffer after a second."""
    for _second in range(5):
        time.sleep(1)
        found = edge.host.attempt("grep", mark, f"/var/log/nginx/{file}").stdout.splitlines()
        if found:
            return found
    return []


def test_domain_and_path_of_cookies(edge: Edge) -> None:
    shared = {"Domain=example.com", "Path=/"}
    assert [shared <= parts for parts in cookies(edge)] == [True, True]


@pytest.mark.feature("cookies")
def test_flags_of_a_cookie(edge: Edge) -> None:
    if edge.suite == "bullseye":
        session, basket = cookies(edge)
        assert session == {"session=1", "Domain=example.com", "Path=/"}
        assert basket == {"basket=1", "Domain=example.com", "Path=/"}
        return
    session, basket = cookies(edge)
    assert session == {"session=1", "Domain=example.com", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"}
    assert basket == {"basket=1", "Domain=example.com", "Path=/"}


@pytest.mark.feature("logs")
def test_a_log_of_a_site_without_queries(edge: Edge) -> None:
    mark, name = f"mark-{time.time_ns()}", f"cookies.{edge.name}"
    edge.get(f"/{mark}?token=secret", "--referer", f"https://{name}/page?token=secret", name=name)
    (line,) = lines_of(edge, "cookies.log", mark)
    assert "secret" not in line
    assert (json.loads(line)["uri"], json.loads(line)["referrer"]) == (f"/{mark}", f"https://{name}/page")
    assert edge.host.attempt("grep", mark, "/var/log/nginx/access.log").stdout == ""


@pytest.mark.feature("logs")
def test_a_log_in_the_combined_format(edge: Edge) -> None:
    mark, name = f"mark-{time.time_ns()}", f"cookies.{edge.name}"
    edge.get(f"/combined/{mark}?a=1", "--user-agent", "test", name=name)
    (line,) = lines_of(edge, "combined.log", mark)
    assert f'"GET /combined/{mark}?a=1 HTTP/2.0" 200 ' in line
    assert line.endswith(' "-" "test"')


@pytest.mark.feature("logs")
def test_a_log_of_errors(edge: Edge) -> None:
    mark, name = f"mark-{time.time_ns()}", f"cookies.{edge.name}"
    for path in (f"/failed/{mark}-good", f"/failed/{mark}-bad/status/404"):
        edge.get(path, name=name)
    (line,) = lines_of(edge, "failed.log", mark)
    assert json.loads(line)["uri"].endswith("/status/404")
