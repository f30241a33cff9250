# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of configuration, whole and under a fault at every single effect."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations import transaction
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content, pack, unpack
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import (
    ORIGINAL,
    drift,
    live_name,
    manifests,
    read_manifest,
    running_name,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy, roll_back
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import STOCK, WEB, EdgeHost
from ansible_collections.hardened.nginx_edge.tests.unit.faults import Fault, FaultyHost, die, refuse, survived


def content(text: str, digest: str) -> Content:
    files = {"nginx.conf": f"# @GENERATION@\nlisten 80;\n{text}\n", "sites/a.conf": "listen 443 ssl;\n"}
    return Content(files, digest, 8090, "0.1.0", facts=WEB)


FIRST = content("first", "aaaa")
SECOND = content("second", "bbbb")
BAD_AT_TEST = content("refused at test", "cccc")
BAD_AT_RELOAD = content("refused at reload", "dddd")


@pytest.fixture
def host(tmp_path: Path) -> EdgeHost:
    return EdgeHost(tmp_path)


def run(host: Any, layout: Any, wanted: Content, check: bool = False) -> bool:
    """What a play does: deploy, and the handler when something changed or an earlier run left it undone."""
    outcome = deploy(host, layout, wanted, check=check, allow_restart=False)
    undone = outcome.name != running_name(host, layout)
    if (outcome.changed or undone) and not check:
        reload_and_prove(host, layout, timeout=5, keep=3)
    return outcome.changed


def test_what_nginx_warns_of_is_told_by_every_run(host: EdgeHost) -> None:
    told = "nginx says: warned of (nginx.conf:1: # {name})"
    wanted = content("warned of", "eeee")
    in_check_mode = deploy(host, host.layout, wanted, check=True, allow_restart=False)
    assert list(in_check_mode.warnings) == [told.format(name=".check-eeee")]
    for _run in range(2):
        outcome = deploy(host, host.layout, wanted, check=False, allow_restart=False)
        assert list(outcome.warnings) == [told.format(name="eeee")]
    assert not outcome.changed


def tree(host: EdgeHost) -> dict[str, str]:
    root = Path(host.layout.root)
    return {
        str(path.relative_to(root)): os.readlink(path) if path.is_symlink() else path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_first_run_serves_and_keeps_the_original(host: EdgeHost) -> None:
    assert run(host, host.layout, FIRST) is True
    assert live_name(host, host.layout) == running_name(host, host.layout) == host.answers == "aaaa"
    assert "# aaaa" in host.memory
    assert Path(host.layout.folder(ORIGINAL), "nginx.conf").read_bytes() == STOCK


def test_second_run_changes_nothing(host: EdgeHost) -> None:
    run(host, host.layout, FIRST)
    before = tree(host)
    host.commands.clear()
    assert run(host, host.layout, FIRST) is False
    assert tree(host) == before
    assert not [command for command in host.commands if command[0] in ("systemctl", "kill")]


def test_refused_at_test_changes_nothing(host: EdgeHost) -> None:
    run(host, host.layout, FIRST)
    before = tree(host)
    for _attempt in range(2):
        with pytest.raises(EdgeError, match="refused at test"):
            run(host, host.layout, BAD_AT_TEST)
        assert tree(host) == before


def test_refused_at_reload_goes_back_and_fails_again(host: EdgeHost) -> None:
    run(host, host.layout, FIRST)
    for _attempt in range(2):
        with pytest.raises(EdgeError, match="the edge was rolled back to aaaa") as caught:
            run(host, host.layout, BAD_AT_RELOAD)
        assert any("refused at reload" in line for line in caught.value.details)
        assert live_name(host, host.layout) == running_name(host, host.layout) == host.answers == "aaaa"


def test_refused_at_the_first_reload_goes_back_to_the_original(host: EdgeHost) -> None:
    with pytest.raises(EdgeError, match="the edge was rolled back to original"):
        run(host, host.layout, BAD_AT_RELOAD)
    assert Path(host.layout.conf).read_bytes() == STOCK
    assert not Path(host.layout.conf).is_symlink()
    assert host.memory == STOCK.decode()


def test_taken_port_changes_nothing(host: EdgeHost) -> None:
    run(host, host.layout, FIRST)
    before = tree(host)
    host.taken.add(443)
    with pytest.raises(EdgeError, match=r"0\.0\.0\.0:443/tcp cannot be bound"):
        run(host, host.layout, SECOND)
    assert tree(host) == before


def test_check_mode_tests_and_changes_nothing(host: EdgeHost) -> None:
    before = tree(host)
    assert run(host, host.layout, FIRST, check=True) is True
    assert tree(host) == before
    with pytest.raises(EdgeError, match="refused at test"):
        run(host, host.layout, BAD_AT_TEST, check=True)
    assert tree(host) == before


def test_drift_is_seen_and_repaired_beside_the_live_folder(host: EdgeHost) -> None:
    run(host, host.layout, FIRST)
    Path(host.layout.folder("aaaa"), "sites/a.conf").write_text("by hand", encoding="utf-8")
    Path(host.layout.folder("aaaa"), "sites/b.conf").write_text("added", encoding="utf-8")
    manifest = read_manifest(host, host.layout, "aaaa")
    assert manifest is not None
    assert drift(host, host.layout, manifest) == ["sites/a.conf", "sites/b.conf"]
    assert run(host, host.layout, FIRST) is True
    assert live_name(host, host.layout) == host.answers == "aaaa-2"
    assert run(host, host.layout, FIRST) is False


def test_old_generations_are_pruned_but_never_the_running_one(host: EdgeHost) -> None:
    for number in range(6):
        run(host, host.layout, content(str(number), f"{number:04d}"))
    assert [one.name for one in manifests(host, host.layout)] == ["0005", "0004", "0003"]
    assert live_name(host, host.layout) == "0005"


def test_going_back_to_an_older_content_reuses_its_folder(host: EdgeHost) -> None:
    for wanted in (FIRST, SECOND, FIRST):
        run(host, host.layout, wanted)
    assert live_name(host, host.layout) == host.answers == "aaaa"


def back(host: EdgeHost, to: str | None = None, check: bool = False) -> str | None:
    return roll_back(host, host.layout, to, check=check, timeout=5, keep=3).name


def test_rollback_goes_back_one_generation_and_proves_it(host: EdgeHost) -> None:
    for wanted in (FIRST, SECOND):
        run(host, host.layout, wanted)
    assert back(host, check=True) == "aaaa"
    assert live_name(host, host.layout) == host.answers == "bbbb"
    assert back(host) == "aaaa"
    assert live_name(host, host.layout) == running_name(host, host.layout) == host.answers == "aaaa"
    assert back(host, to="bbbb") == host.answers == "bbbb"


def test_rollback_tells_what_it_cannot_do(host: EdgeHost) -> None:
    run(host, host.layout, FIRST)
    with pytest.raises(EdgeError, match="no unchanged earlier generation"):
        back(host)
    with pytest.raises(EdgeError, match="there is no generation nope") as caught:
        back(host, to="nope")
    assert caught.value.details == ("kept: aaaa",)
    run(host, host.layout, SECOND)
    Path(host.layout.folder("aaaa"), "sites/a.conf").write_text("by hand", encoding="utf-8")
    with pytest.raises(EdgeError, match=r"changed by hand: sites/a\.conf"):
        back(host, to="aaaa")
    with pytest.raises(EdgeError, match="no unchanged earlier generation"):
        back(host)
    assert live_name(host, host.layout) == host.answers == "bbbb"


def test_rollback_passes_over_what_never_ran(host: EdgeHost) -> None:
    run(host, host.layout, FIRST)
    with pytest.raises(EdgeError, match="rolled back to aaaa"):
        run(host, host.layout, BAD_AT_RELOAD)
    run(host, host.layout, SECOND)
    assert back(host) == "aaaa"
    assert back(host) == "bbbb"  # what ran before, again


def test_two_runs_at_once_do_not_mix(host: EdgeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "LOCK_SECONDS", 0.1)
    with host.lock(host.layout.lock, 1), pytest.raises(EdgeError, match="another run has held"):
        run(host, host.layout, FIRST)
    assert live_name(host, host.layout) is None


def test_payload_survives_the_way_and_a_torn_one_is_told() -> None:
    assert unpack(pack(FIRST)) == FIRST
    with pytest.raises(EdgeError, match="the payload is incomplete"):
        unpack(pack(FIRST)[:-8])


def effects_of_a_change(root: Path) -> int:
    host = EdgeHost(root)
    run(host, host.layout, FIRST)
    counting = FaultyHost(host, -1, die)
    run(counting, host.layout, SECOND)
    return counting.count


def assert_never_broken(host: EdgeHost) -> None:
    """Whatever happened: what is on disk passes nginx's test, and what runs was proven."""
    assert "refused" not in host.conf_text(host.layout.conf)
    assert host.answers in ("aaaa", "bbbb")


@pytest.mark.parametrize("fault", [die, refuse], ids=["killed", "disk full"])
def test_no_fault_at_any_effect_breaks_the_edge(tmp_path: Path, fault: Fault) -> None:
    count = effects_of_a_change(tmp_path / "counting")
    assert count > 15
    for at in range(count):
        host = EdgeHost(tmp_path / str(at))
        run(host, host.layout, FIRST)
        with survived():
            run(FaultyHost(host, at, fault), host.layout, SECOND)
        assert_never_broken(host)
        run(host, host.layout, SECOND)
        assert live_name(host, host.layout) == running_name(host, host.layout) == host.answers == "bbbb"


@pytest.mark.parametrize("fault", [die, refuse], ids=["killed", "disk full"])
def test_no_fault_on_the_way_back_breaks_what_serves(tmp_path: Path, fault: Fault) -> None:
    counted = EdgeHost(tmp_path / "counting")
    run(counted, counted.layout, FIRST)
    counting = FaultyHost(counted, -1, die)
    with pytest.raises(EdgeError):
        run(counting, counted.layout, BAD_AT_RELOAD)
    for at in range(counting.count):
        host = EdgeHost(tmp_path / str(at))
        run(host, host.layout, FIRST)
        with survived():
            run(FaultyHost(host, at, fault), host.layout, BAD_AT_RELOAD)
        assert host.answers == "aaaa"
        run(host, host.layout, FIRST)
        assert live_name(host, host.layout) == running_name(host, host.layout) == host.answers == "aaaa"
