# SPDX-License-Identifier: GPL-3.0-or-later
"""Each bug of tests/reliability.yml and tests/guarantees.yml turns tests red in a copy of the collection."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tools.reliability import Bug, read_guards

ROOT = Path(__file__).resolve().parents[3]
GUARDS = [*read_guards(), *read_guards(ROOT / "tests" / "guarantees.yml")]
BUGS = {f"{guard.name}, {number}": bug for guard in GUARDS for number, bug in enumerate(guard.bugs, start=1)}
COPIED = (Path("plugins"), Path("tests", "unit"), Path("tools"))
FOR_MODELS = tuple(
    Path(*parts.split("/")) for parts in ("roles", "tests/golden", "tests/mistakes", "tests/properties", "docs")
)
"""What tests of the model need besides."""


def copy_of_the_collection(root: Path, *, models: bool) -> None:
    """What unit tests need, under the names that they import it by."""
    for part in (*COPIED, *(FOR_MODELS if models else ())):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "test_guards.py"))
    for name in ("pyproject.toml", "tests/__init__.py", "tests/cases.yml"):
        shutil.copy(ROOT / name, root / name)
    link = root / ".cache" / "collections" / "ansible_collections" / "hardened" / "nginx_edge"
    link.parent.mkdir(parents=True)
    link.symlink_to(root)


def with_bug(root: Path, bug: Bug) -> subprocess.CompletedProcess[str]:
    """The tests that have to notice, in a copy that has the bug."""
    copy_of_the_collection(root, models=bug.file.startswith("plugins/plugin_utils/"))
    path = root / bug.file
    path.write_text(path.read_text(encoding="utf-8").replace(bug.old, bug.new), encoding="utf-8")
    argv = [
        sys.executable,
        "-B",
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(root),
        *bug.red,
    ]
    return subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    """All of them, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        folders = [tmp_path_factory.mktemp("bug") for _bug in BUGS]
        return dict(zip(BUGS, pool.map(with_bug, folders, BUGS.values())))


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_turns_a_test_red(ended: dict[str, subprocess.CompletedProcess[str]], name: str) -> None:
    bug, done = BUGS[name], ended[name]
    assert (ROOT / bug.file).read_text(encoding="utf-8").count(bug.old) == 1, "no place for the bug"
    assert done.returncode == 1, done.stdout + done.stderr
    assert " failed" in done.stdout.splitlines()[-1], done.stdout


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_its_tests_are_there(guard: object) -> None:
    for test in next(one.tests for one in GUARDS if one is guard):
        path, *names = test.partition("[")[0].split("::")
        tree: ast.AST = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        found = {one.name for one in ast.walk(tree) if isinstance(one, (ast.FunctionDef, ast.ClassDef))}
        assert set(names) <= found, test
