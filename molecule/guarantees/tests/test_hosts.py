# SPDX-License-Identifier: GPL-3.0-or-later
"""What an edge is on its host: modes of files, nginx's own messages, the sandbox."""

from __future__ import annotations

import re

import pytest

from ansible_collections.hardened.nginx_edge.molecule.guarantees.tests.edges import SUITES, Edge

MOST_EXPOSED = 2.5
WITH_SYSTEMD = [suite for suite in SUITES if suite != "forky"]
OTHERS = 0o007
BENIGN = re.compile(r"client:|sched_setaffinity\(\) failed")


@pytest.mark.case("A9")
@pytest.mark.parametrize("suite", SUITES)
def test_logs_are_for_administrators(suite: str) -> None:
    listed = Edge(suite).host.run("sh", "-c", "stat -c '%a %n' /var/log/nginx/*.log").splitlines()
    modes = {name: int(mode, 8) for mode, name in (line.split(" ", 1) for line in listed)}
    assert {"/var/log/nginx/access.log", "/var/log/nginx/error.log", "/var/log/nginx/stream.log"} <= {*modes}
    assert {name: oct(mode) for name, mode in modes.items() if mode & OTHERS} == {}


@pytest.mark.case("A9")
@pytest.mark.parametrize("suite", SUITES)
def test_keys_and_passwords_are_not_world_readable(suite: str) -> None:
    find = ("find", "-L", "/etc/nginx/tls", "/etc/nginx/users", "-type", "f", "!", "-name", "fullchain.pem")
    files = Edge(suite).host.run(*find).splitlines()
    assert any(path.endswith("privkey.pem") for path in files)
    assert Edge(suite).host.run(*find, "-perm", "/o=r") == ""


@pytest.mark.case("G11")
@pytest.mark.parametrize("suite", SUITES)
def test_nginx_starts_and_reloads_without_warnings(suite: str) -> None:
    """Lines about requests have a client; one line is of Debian's configuration, before the first run."""
    edge = Edge(suite)
    lines = edge.host.run("sh", "-c", "cat /var/log/nginx/error.log").splitlines()
    levels = re.compile(r"\[(warn|error|crit|alert|emerg)\]")
    assert [line for line in lines if levels.search(line) and not BENIGN.search(line)] == []
    assert "[warn]" not in edge.host.attempt("nginx", "-t").stderr


@pytest.mark.parametrize("suite", WITH_SYSTEMD)
def test_the_service_is_in_a_sandbox(suite: str) -> None:
    printed = Edge(suite).host.run("systemd-analyze", "security", "--no-pager", "nginx.service")
    overall = re.search(r"Overall exposure level for nginx\.service: ([\d.]+)", printed)
    assert overall is not None
    assert float(overall[1]) <= MOST_EXPOSED
