# SPDX-License-Identifier: GPL-3.0-or-later
"""What an edge is on its host: modes of files, nginx's own messages, the sandbox."""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.hardened.nginx_edge.molecule.guarantees.tests.edges import SUITES, Edge

MOST_EXPOSED = 2.5
WITH_SYSTEMD = [suite for suite in SUITES if suite != "forky"]
OTHERS = 0o007


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


@pytest.mark.case("B5")
@pytest.mark.parametrize("suite", SUITES)
def test_a_site_has_certificates_of_two_key_types(suite: str) -> None:
    """Clients get the type that they support, and the edge finds both certificates as they are on disk."""
    edge, name = Edge(suite), f"twin-a.{suite}.test"
    shown = {}
    for cipher in ("aECDSA", "aRSA"):
        asked = f"openssl s_client -connect 127.0.0.1:443 -servername {name} -tls1_2 -cipher {cipher} </dev/null"
        shown[cipher] = edge.host.run("sh", "-c", f"{asked} | openssl x509 -noout -text | grep 'Public Key Algorithm'")
    assert shown["aECDSA"].split()[-1] == "id-ecPublicKey"
    assert shown["aRSA"].split()[-1] == "rsaEncryption"
    listed = json.loads(edge.host.run("nginx-edge", "--json", "certificates"))
    twins = [one for one in listed["certificates"] if "twin" in one["name"]]
    assert [(one["name"], one["problem"]) for one in twins if one["problem"]] == []


@pytest.mark.case("G11")
@pytest.mark.parametrize("suite", SUITES)
def test_nginx_starts_and_reloads_without_warnings(suite: str) -> None:
    """Lines about requests have a client."""
    edge = Edge(suite)
    lines = edge.host.run("sh", "-c", "cat /var/log/nginx/error.log").splitlines()
    levels = re.compile(r"\[(warn|error|crit|alert|emerg)\]")
    assert [line for line in lines if levels.search(line) and "client:" not in line] == []
    assert "[warn]" not in edge.host.attempt("nginx", "-t").stderr


@pytest.mark.parametrize("suite", WITH_SYSTEMD)
def test_the_service_is_in_a_sandbox(suite: str) -> None:
    printed = Edge(suite).host.run("systemd-analyze", "security", "--no-pager", "nginx.service")
    overall = re.search(r"Overall exposure level for nginx\.service: ([\d.]+)", printed)
    assert overall is not None
    assert float(overall[1]) <= MOST_EXPOSED
