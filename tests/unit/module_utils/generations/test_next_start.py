# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether nginx would start again, and whether it runs what is on disk: by the command, as metrics, and in a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.main import Printed, parser
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.main import run as run_cli
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.next_start import start_problem
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.warnings import warnings_on_state
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import EdgeHost

LIBSSL = "/usr/lib/x86_64-linux-gnu/libssl.so.3"
SOUND = "nginx would start with the live configuration, generation aaaa. It runs the program and libraries on disk.\n"


@pytest.fixture
def host(tmp_path: Path) -> EdgeHost:
    """An edge on which ``aaaa`` runs."""
    host = EdgeHost(tmp_path)
    deploy(host, host.layout, Content({"nginx.conf": "a"}, "aaaa", 8090, "0.1.0"), check=False, allow_restart=False)
    reload_and_prove(host, host.layout, timeout=5, keep=9)
    return host


def check(host: EdgeHost, *words: str) -> Printed:
    return run_cli(parser().parse_args(("check", *words)), host, host.layout)


def metrics(host: EdgeHost, folder: Path) -> dict[str, float]:
    assert check(host, "--write", str(folder / "x.prom")) == Printed(0, "")
    lines = (folder / "x.prom").read_text(encoding="utf-8").splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines if not line.startswith("#"))}


def test_a_sound_edge(host: EdgeHost, tmp_path: Path) -> None:
    assert check(host) == Printed(0, SOUND)
    assert metrics(host, tmp_path) == {"nginx_edge_configuration_valid": 1, "nginx_edge_outdated_files": 0}


def test_a_package_that_does_not_match_is_told_before_the_next_start(host: EdgeHost, tmp_path: Path) -> None:
    host.refuses = {"aaaa"}
    printed = check(host)
    assert printed.code == 1
    assert printed.err.startswith(
        "nginx-edge: nginx would not start again: nginx says: refused at test (nginx.conf:1: a); "
    )
    assert "a running nginx keeps serving, but a reload fails, and a restart or a reboot" in printed.err
    assert metrics(host, tmp_path) == {"nginx_edge_configuration_valid": 0, "nginx_edge_outdated_files": 0}
    assert host.answers == "aaaa"


def test_replaced_libraries_are_told_with_the_remedy(host: EdgeHost, tmp_path: Path) -> None:
    host.replaced = [LIBSSL, "/usr/sbin/nginx"]
    printed = check(host)
    assert printed.code == 1
    assert f"old versions of files that were replaced on disk: {LIBSSL}, /usr/sbin/nginx; " in printed.err
    assert printed.err.endswith("a reload is not enough; restart nginx (systemctl restart nginx)\n")
    assert metrics(host, tmp_path) == {"nginx_edge_configuration_valid": 1, "nginx_edge_outdated_files": 2}


def test_no_restart_is_advised_that_would_fail(host: EdgeHost) -> None:
    host.replaced, host.refuses = [LIBSSL], {"aaaa"}
    printed = check(host)
    assert printed.err.endswith("do not restart nginx before it would start again\n")
    assert "systemctl restart" not in printed.err


def test_what_is_unknown_has_no_metric(host: EdgeHost, tmp_path: Path) -> None:
    host.run(["nginx", "-s", "stop"])
    assert metrics(host, tmp_path) == {"nginx_edge_configuration_valid": 1}
    assert check(host).out.endswith("generation aaaa. It is not running.\n")
    Path(host.layout.conf).unlink()
    Path(host.layout.conf).write_text("by hand", encoding="utf-8")
    assert metrics(host, tmp_path) == {}
    assert check(host).out == "nginx.conf does not belong to a generation, and was not tested. It is not running.\n"


def test_the_test_has_the_limits_of_the_service(host: EdgeHost) -> None:
    host.open_files = "2048"
    assert start_problem(host, host.layout) == ""
    assert host.limits[-1][1] == 2048


def test_a_run_warns_of_the_generation_that_it_keeps_only() -> None:
    generations = {"drift": [], "live": "aaaa", "problem": "nginx says: no"}
    processes: dict[str, Any] = {"leaving": [], "since_proof": None, "outdated": []}
    (kept,) = warnings_on_state(generations, processes, unchanged=True)
    assert kept.startswith("nginx would not start again: nginx says: no; ")
    assert warnings_on_state(generations, processes, unchanged=False) == []
    (outdated,) = warnings_on_state(generations, {**processes, "outdated": [LIBSSL]}, unchanged=False)
    assert outdated.startswith(f"nginx still runs old versions of files that were replaced on disk: {LIBSSL}; ")
