# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that serves ten hand-written sites becomes an edge, and serves them again afterwards.

These tests come last in this scenario, in this order: the first one removes the edge that the others tested.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.packages.tests.own_sites import (
    DAMAGE,
    Answer,
    answers,
    write_sites,
)
from ansible_collections.hardened.nginx_edge.molecule.packages.tests.test_packages import CLIENT, DISTRIBUTION
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run, run_site

HOST = DISTRIBUTION.host
LIMIT = ("--limit", DISTRIBUTION.container)
REASON = "this host already serves 10 sites that this run would replace"
LEFT = (
    "find / -xdev '(' -name '*nginx-edge*' -o -name 50-hardened.conf ')' -not -path '/proc/*' -not -path '/root/*'"
    " -not -path '/tmp/*' | sort"
)
STATE = (
    "systemctl show --property=MainPID,UnitFileState,DropInPaths nginx.service; find /etc -newer /run/marker -type f"
)


def traffic() -> list[Answer]:
    return answers(CLIENT, DISTRIBUTION.address)


def remove(folder: Path, *options: str, **variables: object) -> Run:
    return run_site(*LIMIT, *options, variables=variables, folder=folder, playbook="hardened.nginx_edge.remove")


@pytest.fixture(scope="module", params=["bookworm"])
def before() -> list[Answer]:
    """The responses of the sites before anything was taken over."""
    write_sites(HOST)
    found = traffic()
    assert [one.status for one in found] == [200, 404, 301, 200, 200, 200, 401, 200, 200, 200, 404, 200, 0]
    return found


def test_an_edge_is_removed_with_its_data(tmp_path: Path) -> None:
    run = remove(tmp_path, edge_remove=True, edge_remove_data=True)
    assert run.code == 0, run
    assert HOST.attempt("systemctl", "is-active", "nginx.service").stdout == "inactive\n"
    assert HOST.attempt("systemctl", "is-enabled", "nginx.service").stdout == "disabled\n"
    assert HOST.run("sh", "-c", LEFT) == ""
    assert HOST.run("stat", "-c", "%F", "/etc/nginx/nginx.conf") == "regular file\n"
    assert HOST.attempt("ls", "/etc/nginx/generations", "/etc/nginx/tls").stdout == ""


@pytest.mark.case("F1")
@pytest.mark.parametrize("options", [("--check", "--diff"), ()], ids=["check mode", "a run"])
def test_a_run_lists_the_sites_and_stops(tmp_path: Path, before: list[Answer], options: tuple[str, ...]) -> None:
    HOST.run("touch", "/run/marker")
    state = HOST.run("sh", "-c", STATE)
    run = run_site(*LIMIT, *options, variables={}, folder=tmp_path)
    assert run.code != 0
    assert run.summary[DISTRIBUTION.container].startswith(f"FAILED: {REASON}; "), run
    assert run.failures[DISTRIBUTION.container] == REASON
    assert run.output.count("/etc/nginx/sites-enabled/blog:1: blog.test, www.blog.test on 80, 127.0.0.1:8083") == 1
    assert run.output.count("/etc/nginx/streams.d/database:1: stream on 5433") == 1
    assert run.output.count("/srv/app/nginx/app.conf:1: app.test on 80") == 1
    assert "ports that the model does not listen on: 8082/tcp, 8081/tcp, 8083/tcp, 5433/tcp" in run.output
    assert run.changed[DISTRIBUTION.container] == 0, run
    assert HOST.run("sh", "-c", STATE) == state
    assert traffic() == before


@pytest.mark.case("F1")
@pytest.mark.usefixtures("before")
def test_an_allowed_takeover_serves_the_model(tmp_path: Path) -> None:
    run = run_site(*LIMIT, variables={"edge_take_over": True}, folder=tmp_path)
    assert run.code == 0, run
    (lines,) = run.warnings
    assert any("takes over 10 sites that this collection did not write" in line for line in lines), lines
    certificates = HOST.run("sh", "-c", "cat /etc/nginx/tls/*/fullchain.pem")
    CLIENT.run("sh", "-c", f"cat > /tmp/acme-root.pem <<'EOF'\n{certificates}\nEOF")
    assert DISTRIBUTION.get("/fixed").status == 200
    assert CLIENT.attempt("curl", "-sS", "--connect-to", f"::{DISTRIBUTION.address}:", "http://blog.test/").returncode
    assert "50-hardened.conf" in HOST.run("systemctl", "show", "--property=DropInPaths", "nginx.service")


@pytest.mark.case("F1")
def test_the_command_restores_the_sites(before: list[Answer]) -> None:
    generation = json.loads(HOST.run("nginx-edge", "--json"))["live"]
    HOST.run("sh", "-c", DAMAGE)
    printed = HOST.run("nginx-edge", "rollback", "original")
    assert "/etc/nginx/streams.d/database: was restored\n" in printed
    assert f"Live before: {generation}." in printed
    assert traffic() == before
    assert HOST.run("readlink", "-e", "/etc/nginx/sites-enabled/blog") == "/etc/nginx/sites-available/blog\n"
    HOST.run("nginx-edge", "rollback", generation)
    assert DISTRIBUTION.get("/fixed").status == 200


@pytest.mark.case("F1")
def test_the_playbook_restores_the_sites_and_removes_the_edge(tmp_path: Path, before: list[Answer]) -> None:
    refused = remove(tmp_path, edge_restore_original=True)
    assert "confirm with -e edge_remove=true" in refused.failures[DISTRIBUTION.container]
    HOST.run("sh", "-c", DAMAGE)
    run = remove(tmp_path, edge_remove=True, edge_restore_original=True)
    assert run.code == 0, run
    assert traffic() == before
    assert HOST.run("systemctl", "is-enabled", "nginx.service") == "enabled\n"
    assert HOST.run("sh", "-c", LEFT) == ""
    again = remove(tmp_path, "--check", edge_restore_original=True)
    assert (again.code, again.changed[DISTRIBUTION.container]) == (0, 0), again
    assert traffic() == before
