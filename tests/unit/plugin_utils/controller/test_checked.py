# SPDX-License-Identifier: GPL-3.0-or-later
"""The checked model that is stored for the rest of a run."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.checked import (
    CheckedModel,
    checked_once,
    fingerprint,
    load,
    store,
)
from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS

TARGET = next(iter(TARGETS.values()))
MODEL = CheckedModel(
    {"settings": {"http_port": 80}}, Content({"nginx.conf": "x"}, "d1", 8099, "0.1.0"), {"ops": "a:$6$\n"}
)


def test_the_same_inputs_find_the_model(tmp_path: Path) -> None:
    store(tmp_path / "model.json", "key", MODEL)
    assert load(tmp_path / "model.json", "key") == MODEL


def test_other_inputs_do_not_find_it(tmp_path: Path) -> None:
    assert load(tmp_path / "model.json", "key") is None
    store(tmp_path / "model.json", "key", MODEL)
    assert load(tmp_path / "model.json", "other") is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"key": "key"}', '{"key": "key", "plan": {}, "content": "x", "users": {}}']
)
def test_a_damaged_file_is_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text, encoding="utf-8")
    assert load(tmp_path / "model.json", "key") is None


def test_only_this_account_can_read_the_file(tmp_path: Path) -> None:
    store(tmp_path / "model.json", "key", MODEL)
    assert stat.S_IMODE((tmp_path / "model.json").stat().st_mode) == 0o600


def test_the_installation_of_the_expected_nginx_is_no_change() -> None:
    assert fingerprint(dataclasses.replace(TARGET, installed=False)) == fingerprint(TARGET)


@pytest.mark.parametrize(
    "other",
    [
        fingerprint(dataclasses.replace(TARGET, version=(9, 9, 9)), {"edge_sites": []}, "host"),
        fingerprint(TARGET, {"edge_sites": [{"name": "a.example"}]}, "host"),
        fingerprint(TARGET, {"edge_sites": []}, "another host"),
    ],
    ids=["nginx", "variables", "host"],
)
def test_each_input_changes_the_fingerprint(other: str) -> None:
    assert other != fingerprint(TARGET, {"edge_sites": []}, "host")


def check_slowly(folder: Path, number: int) -> None:
    """Runs in a process: needs the model as all others do, and notes that it checked it."""

    def check() -> CheckedModel:
        (folder / f"checked-{number}").touch()
        time.sleep(0.5)
        return MODEL

    assert checked_once(folder, "key", check) == MODEL
    (folder / f"done-{number}").touch()


def fail_first(folder: Path, number: int) -> None:
    """The same, but the first process to check the model finds errors."""

    def check() -> CheckedModel:
        (folder / f"checked-{number}").touch()
        try:
            (folder / "first").touch(exist_ok=False)
        except FileExistsError:
            return MODEL
        raise ValueError

    with contextlib.suppress(ValueError):
        checked_once(folder, "key", check)
        (folder / f"done-{number}").touch()


@pytest.mark.parametrize(("work", "checked", "done"), [(check_slowly, [1], 4), (fail_first, [2, 3, 4], 3)])
def test_processes_share_one_result(
    tmp_path: Path, work: Callable[[Path, int], None], checked: list[int], done: int
) -> None:
    """After a failure, the others do not wait for each other, so how often the model is checked depends on the time."""
    processes = [multiprocessing.Process(target=work, args=(tmp_path, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0] * 4
    assert len(list(tmp_path.glob("checked-*"))) in checked
    assert len(list(tmp_path.glob("done-*"))) == done


def test_another_model_is_checked(tmp_path: Path) -> None:
    other = dataclasses.replace(MODEL, user_files={})
    assert checked_once(tmp_path, "key", lambda: MODEL) == MODEL
    assert checked_once(tmp_path, "other", lambda: other) == other
    assert checked_once(tmp_path, "key", lambda: other) == MODEL
