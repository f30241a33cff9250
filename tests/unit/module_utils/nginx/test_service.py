# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx on a host without systemd: started, reloaded and restarted directly."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import running_name
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.service import (
    GRACE_SECONDS,
    STOP_SECONDS,
    control,
    master_pid,
    open_files_limit,
)
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import MASTER, EdgeHost

QUIT, STOP, START, RELOAD = ["nginx", "-s", "quit"], ["nginx", "-s", "stop"], ["nginx"], ["kill", "-HUP", str(MASTER)]
DAEMON = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)'])"


@pytest.fixture
def host(tmp_path: Path) -> EdgeHost:
    made = EdgeHost(tmp_path)
    made.systemd = False
    return made


def go(host: EdgeHost, text: str, digest: str) -> None:
    deploy(host, host.layout, Content({"nginx.conf": text}, digest, 8090, "0.1.0"), check=False, allow_restart=False)
    host.commands.clear()
    reload_and_prove(host, host.layout, timeout=5, keep=3)


def test_a_reload_is_proven(host: EdgeHost) -> None:
    go(host, "first", "aaaa")
    assert host.commands[-1] == RELOAD
    assert running_name(host, host.layout) == host.answers == "aaaa"


def test_nginx_that_does_not_run_is_started(host: EdgeHost) -> None:
    host.run(QUIT)
    assert master_pid(host) is None
    go(host, "first", "aaaa")
    assert [command for command in host.commands if command[0] == "nginx"][-1] == START
    assert host.answers == "aaaa"


def test_a_start_that_nginx_refuses_is_told_in_its_words(host: EdgeHost) -> None:
    host.run(STOP)
    with pytest.raises(EdgeError) as refused:
        go(host, "refused at reload", "bbbb")
    assert "nginx did not start\nnginx says: refused at start" in str(refused.value)


def test_a_restart_waits_for_the_end_of_the_old_master(host: EdgeHost) -> None:
    assert control(host, "restart", MASTER).code == 0
    assert host.commands == [QUIT, START]
    assert master_pid(host) not in (None, MASTER)


def test_connections_that_do_not_end_are_cut(host: EdgeHost) -> None:
    host.ignores = {"quit"}
    before = host.clock
    assert control(host, "restart", MASTER).code == 0
    assert host.commands == [QUIT, STOP, START]
    assert GRACE_SECONDS < host.clock - before < GRACE_SECONDS + STOP_SECONDS


def test_nginx_that_does_not_end_is_left_alone(host: EdgeHost) -> None:
    host.ignores = {"quit", "stop"}
    with pytest.raises(EdgeError, match=f"process {MASTER}. did not stop"):
        control(host, "restart", MASTER)
    assert host.commands == [QUIT, STOP]
    assert master_pid(host) == MASTER


def test_the_first_process_of_a_container_is_not_restarted(host: EdgeHost) -> None:
    host.master = 1
    with pytest.raises(EdgeError, match="would stop the container"):
        control(host, "restart", 1)
    assert host.commands == []


def test_systemd_is_asked_where_it_runs(host: EdgeHost) -> None:
    host.systemd = True
    control(host, "restart", MASTER)
    assert host.commands == [["systemctl", "restart", "nginx.service"]]


def test_a_daemon_left_behind_does_not_hold_the_caller() -> None:
    started = time.monotonic()
    done = LocalHost().run([sys.executable, "-c", f"{DAEMON}; print('started')"])
    assert (done.code, done.stdout) == (0, "started\n")
    assert time.monotonic() - started < 20


def test_the_configuration_is_tested_under_the_limits_of_the_running_nginx(host: EdgeHost) -> None:
    host.open_files = "2048"
    go(host, "first", "aaaa")
    assert {limit for argv, limit in host.limits if argv[1:2] == ["-t"]} == {2048}


def test_nginx_without_systemd_is_started_with_all_files_that_it_may_have(host: EdgeHost) -> None:
    host.run(QUIT)
    go(host, "first", "aaaa")
    assert [limit for argv, limit in host.limits if argv == START] == [None]


@pytest.mark.parametrize(("shown", "limit"), [("1024", 1024), ("unlimited", None)])
def test_the_limit_of_open_files_is_read_from_the_master(host: EdgeHost, shown: str, limit: int | None) -> None:
    host.open_files = shown
    assert open_files_limit(host, host.master) == limit
    assert open_files_limit(host, None) is None


SHOW = ["sh", "-c", "ulimit -n; ulimit -H -n; umask"]


def test_nginx_has_the_limit_and_the_umask_of_its_unit() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, _hard, mask = LocalHost().run_nginx(SHOW, open_files=300).stdout.split()
    assert (soft, mask) == ("300", "0077")
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
    assert LocalHost().run(SHOW).stdout.split()[-1] != "0077"


def test_nginx_has_all_files_that_it_may_have() -> None:
    soft, hard, _mask = LocalHost().run_nginx(SHOW, open_files=None).stdout.split()
    assert soft == hard


def test_a_limit_that_may_not_be_raised_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    real = resource.setrlimit

    def refused(kind: int, limits: tuple[int, int]) -> None:
        if limits[1] > hard:
            raise ValueError("not allowed to raise maximum limit")
        real(kind, limits)

    monkeypatch.setattr(resource, "setrlimit", refused)
    assert LocalHost().run_nginx(SHOW, open_files=hard + 1).stdout.split()[:2] == [str(hard), str(hard)]
