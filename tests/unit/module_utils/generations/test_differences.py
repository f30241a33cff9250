# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody changed by hand is told apart from what the model changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.differences import (
    differences,
    drifted_paths,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import WRITTEN, live_name
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.service import Leaving, leaving_workers
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.warnings import warnings_on_state
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import MASTER, EdgeHost


def content(a: str, digest: str) -> Content:
    return Content({"nginx.conf": "# @GENERATION@\n", "sites/a.conf": a, "sites/b.conf": "b\n"}, digest, 8090, "0.1.0")


FIRST, SECOND = content("a\n", "aaaa"), content("another a\n", "bbbb")


@pytest.fixture
def host(tmp_path: Path) -> EdgeHost:
    made = EdgeHost(tmp_path)
    deploy(made, made.layout, FIRST, check=False, allow_restart=False)
    reload_and_prove(made, made.layout, timeout=5, keep=3)
    return made


def edit(host: EdgeHost, path: str, text: str) -> None:
    Path(host.layout.folder("aaaa"), path).write_text(text, encoding="utf-8")


def told(host: EdgeHost, wanted: Content) -> list[tuple[str, str, str]]:
    found = differences(host, host.layout, wanted)
    return [(one["before_header"], one["before"], one["after"]) for one in found]


CHANGE = ("sites/a.conf", "a\n", "another a\n")


def test_without_drift_there_is_only_the_change(host: EdgeHost) -> None:
    assert (told(host, FIRST), told(host, SECOND)) == ([], [CHANGE])
    assert drifted_paths(host, host.layout) == []


def test_a_file_that_both_change_is_told_twice(host: EdgeHost) -> None:
    edit(host, "sites/a.conf", "by hand\n")
    assert drifted_paths(host, host.layout) == ["sites/a.conf"]
    by_hand = ("sites/a.conf (changed by hand)", "by hand\n", "a\n")
    assert told(host, SECOND) == [by_hand, CHANGE]
    assert told(host, FIRST) == [by_hand]


def test_added_and_removed_files_are_told(host: EdgeHost) -> None:
    edit(host, "sites/c.conf", "added\n")
    Path(host.layout.folder("aaaa"), "sites/b.conf").unlink()
    assert told(host, SECOND) == [
        ("sites/b.conf (changed by hand)", "", "b\n"),
        ("sites/c.conf (changed by hand)", "added\n", ""),
        CHANGE,
    ]


def test_a_file_in_the_place_of_the_link_is_told(host: EdgeHost) -> None:
    Path(host.layout.conf).unlink()
    Path(host.layout.conf).write_text("by hand\n", encoding="utf-8")
    assert drifted_paths(host, host.layout) == [host.layout.conf]
    by_hand = (f"{host.layout.conf} (changed by hand)", "by hand\n", "# aaaa\n")
    assert told(host, SECOND) == [by_hand, CHANGE]


@pytest.mark.parametrize("copy", [None, "not whole", "eJw="])
def test_without_the_copy_of_what_was_written_files_are_named_still(host: EdgeHost, copy: str | None) -> None:
    path = Path(host.layout.folder("aaaa"), WRITTEN)
    path.unlink()
    if copy is not None:
        path.write_text(copy, encoding="utf-8")
    edit(host, "sites/a.conf", "by hand\n")
    assert told(host, SECOND) == [
        ("sites/a.conf (changed by hand)", "by hand\n", "by hand\n"),
        ("sites/a.conf", "by hand\n", "another a\n"),
    ]
    assert told(host, FIRST) == [("sites/a.conf (changed by hand)", "by hand\n", "a\n")]


def test_a_host_without_generations_has_no_drift(tmp_path: Path) -> None:
    host = EdgeHost(tmp_path)
    assert drifted_paths(host, host.layout) == []
    assert [header for header, _before, _after in told(host, FIRST)] == ["nginx.conf", "sites/a.conf", "sites/b.conf"]


@pytest.mark.case("F13")
def test_a_damaged_manifest_is_reported_as_what_it_is(host: EdgeHost) -> None:
    live = live_name(host, host.layout)
    assert live is not None
    Path(host.layout.folder(live), "MANIFEST.json").write_text('{"name": ', encoding="utf-8")
    assert drifted_paths(host, host.layout) == ["MANIFEST.json"]
    generations = {"drift": ["MANIFEST.json"], "live": live, "problem": ""}
    processes: dict[str, Any] = {"leaving": [], "since_proof": None, "outdated": []}
    (warning,) = warnings_on_state(generations, processes, unchanged=False)
    assert warning.startswith(f"generations/{live}/MANIFEST.json is missing or damaged")


def test_warnings_name_changed_files_and_old_workers() -> None:
    generations = {"drift": ["sites/a.conf"], "live": "aaaa", "problem": ""}
    processes = {"leaving": [{"pid": 7, "age": 3600}, {"pid": 9, "age": 600}], "since_proof": 600, "outdated": []}
    by_hand, lingering = warnings_on_state(generations, processes, unchanged=False)
    assert by_hand == "changed by hand: sites/a.conf; a run replaces it and keeps the changed files in generations/aaaa"
    assert lingering.startswith(
        "nginx: 2 workers of earlier configurations still serve open connections (process 7, 9, "
    )
    assert warnings_on_state({**generations, "drift": []}, {**processes, "since_proof": 5}, unchanged=True) == []


def test_workers_that_shut_down_are_found(host: EdgeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    times = " ".join(["0"] * 17)
    files = {
        "/proc/uptime": b"1000.5 2000.0\n",
        "/proc/7/stat": f"7 (nginx) S {MASTER} {times} 90000 0".encode(),
        "/proc/7/cmdline": b"nginx: worker process is shutting down\0",
        "/proc/8/stat": f"8 (nginx) S {MASTER} {times} 95000 0".encode(),
        "/proc/8/cmdline": b"nginx: worker process\0",
    }
    monkeypatch.setattr(host, "read", files.get)
    monkeypatch.setattr(host, "listdir", lambda _path: ["7", "8", "self"])
    assert leaving_workers(host, MASTER) == [Leaving(7, 100)]
    assert leaving_workers(host, None) == []
