# SPDX-License-Identifier: GPL-3.0-or-later
"""Password hashes on the host: beside the generations, for nginx alone, and no longer than something refers to them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import (
    Deployment,
    deploy,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import EdgeHost


@pytest.fixture
def host(tmp_path: Path) -> EdgeHost:
    return EdgeHost(tmp_path)


def content(host: EdgeHost, users: str, more: str = "") -> Content:
    text = f"# @GENERATION@\nlisten 80;\nauth_basic_user_file {host.layout.users}/{users};\n{more}\n"
    return Content({"nginx.conf": text}, f"digest-{users}", 8090, "0.1.0")


def run(host: EdgeHost, wanted: Content, users: dict[str, str], *, check: bool = False, keep: int = 3) -> Deployment:
    outcome = deploy(host, host.layout, wanted, check=check, allow_restart=False, user_files=users)
    if outcome.changed and not check:
        reload_and_prove(host, host.layout, timeout=5, keep=keep)
    return outcome


def test_they_are_for_nginx_alone(host: EdgeHost) -> None:
    run(host, content(host, "staff-1"), {"staff-1": "anna:$6$x\n"})
    path = Path(host.layout.users, "staff-1")
    assert path.read_text(encoding="utf-8") == "anna:$6$x\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_check_mode_writes_none(host: EdgeHost) -> None:
    assert run(host, content(host, "staff-1"), {"staff-1": "anna:$6$x\n"}, check=True).changed
    assert not os.path.exists(host.layout.users)


def test_a_missing_or_changed_file_is_written_again(host: EdgeHost) -> None:
    users = {"staff-1": "anna:$6$x\n"}
    run(host, content(host, "staff-1"), users)
    assert not run(host, content(host, "staff-1"), users).changed
    path = Path(host.layout.users, "staff-1")
    path.write_text("mallory:$6$y\n", encoding="utf-8")
    assert run(host, content(host, "staff-1"), users, check=True).changed
    assert run(host, content(host, "staff-1"), users).changed
    assert path.read_text(encoding="utf-8") == users["staff-1"]


def test_those_of_a_refused_content_go_and_those_that_serve_stay(host: EdgeHost) -> None:
    run(host, content(host, "staff-1"), {"staff-1": "anna:$6$x\n"})
    with pytest.raises(EdgeError):
        run(host, content(host, "staff-2", "refused at test"), {"staff-2": "anna:$6$y\n"})
    assert os.listdir(host.layout.users) == ["staff-1"]


def test_they_go_with_the_last_generation_that_refers_to_them(host: EdgeHost) -> None:
    for number in range(4):
        run(host, content(host, f"staff-{number}"), {f"staff-{number}": f"anna:$6${number}\n"}, keep=2)
    assert sorted(os.listdir(host.layout.users)) == ["staff-2", "staff-3"]
