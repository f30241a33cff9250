# SPDX-License-Identifier: GPL-3.0-or-later
"""How the command gets to a host: whole, once, and fixed where it was damaged."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli import install
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import paths
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.tests.unit.faults import FaultyHost, die, survived

ROOT = Path(__file__).resolve().parents[4]
PACKAGE = "ansible_collections.hardened.nginx_edge.plugins.module_utils._edge"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sbin").mkdir()
    monkeypatch.setattr(paths, "COMMAND", str(tmp_path / "sbin" / "nginx-edge"))
    monkeypatch.setattr(paths, "LIBRARY", str(tmp_path / "lib"))
    return tmp_path


def start(places: Path) -> subprocess.CompletedProcess[str]:
    executable = [sys.executable, "-IB", str(places / "sbin" / "nginx-edge"), "--help"]
    return subprocess.run(executable, capture_output=True, text=True, check=False)


def test_what_is_installed_runs_without_the_collection(places: Path) -> None:
    modules = install.sources(PACKAGE)
    assert install.install(LocalHost(), modules, check=True) is True
    assert not (places / "lib").exists()
    assert install.install(LocalHost(), modules, check=False) is True
    assert install.install(LocalHost(), modules, check=False) is False
    assert os.access(places / "sbin" / "nginx-edge", os.X_OK)
    done = start(places)
    assert (done.returncode, done.stderr) == (0, "")
    assert "rollback" in done.stdout


def test_a_newer_version_takes_the_place_of_the_older_one(places: Path) -> None:
    modules = install.sources(PACKAGE)
    install.install(LocalHost(), modules, check=False)
    newer = {
        **modules,
        "cli/main.py": modules["cli/main.py"].replace("Show the generations", "SHOW THE GENERATIONS"),
    }
    assert install.install(LocalHost(), newer, check=True) is True
    assert "Show the generations" in start(places).stdout
    assert install.install(LocalHost(), newer, check=False) is True
    assert "SHOW THE GENERATIONS" in start(places).stdout
    assert len(os.listdir(places / "lib")) == 1


def test_a_damaged_one_is_mended(places: Path) -> None:
    modules = install.sources(PACKAGE)
    install.install(LocalHost(), modules, check=False)
    cli = next((places / "lib").rglob("cli/main.py"))
    cli.unlink()
    assert install.install(LocalHost(), modules, check=False) is True
    assert start(places).returncode == 0


def test_a_run_that_dies_leaves_a_whole_command(places: Path) -> None:
    modules = {"__init__.py": "", "cli/__init__.py": "", "cli/main.py": "def main() -> int:\n    return 0\n"}
    newer = {**modules, "cli/main.py": modules["cli/main.py"].replace("0", "3")}
    host = LocalHost()
    at = 0
    while True:
        install.install(host, modules, check=False)
        counting = FaultyHost(host, at, die)
        with survived():
            install.install(counting, newer, check=False)
        assert start(places).returncode in (0, 3)
        if counting.count <= at:
            break
        at += 1
    assert at > 10


@pytest.mark.parametrize("archive", [False, True], ids=["folder", "archive"])
def test_sub_packages_are_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archive: bool) -> None:
    files = {
        "__init__.py": "",
        "errors.py": "TEXT = 'x'\n",
        "inner/__init__.py": "",
        "inner/one.py": "from ..errors import TEXT\n",
        "inner/deeper/__init__.py": "NAME = 1\n",
        "inner/deeper/two.py": "",
    }
    top = tmp_path / f"nested_in_{'archive' if archive else 'folder'}"
    for path, text in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text, encoding="utf-8")
    entry = tmp_path
    if archive:
        entry = Path(shutil.make_archive(str(tmp_path / "modules"), "zip", tmp_path, top.name))
        shutil.rmtree(top)
    monkeypatch.syspath_prepend(str(entry))
    assert install.sources(top.name) == files


def test_a_package_whose_source_is_not_available_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "compiled_only").mkdir()
    (tmp_path / "compiled_only" / "__init__.py").touch()
    (tmp_path / "compiled_only" / "inner.pyc").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(EdgeError, match=r"the source of compiled_only\.inner is not available"):
        install.sources("compiled_only")


def test_programs_of_test_hosts_find_what_they_import() -> None:
    program = ROOT / "molecule" / "faults" / "tests" / "injector.py"
    found = 0
    for node in ast.walk(ast.parse(program.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nginx_edge."):
            module = import_module(PACKAGE + (node.module or "")[len("nginx_edge") :])
            assert [one.name for one in node.names if not hasattr(module, one.name)] == []
            found += 1
    assert found


def test_the_version_is_known_while_nothing_is_changed(places: Path) -> None:
    modules = install.sources(PACKAGE)
    host = LocalHost()
    assert install.installed_version(host) is None
    install.install(host, modules, check=False)
    assert install.installed_version(host) == install.version_of(modules)
    install.install(host, modules, check=False, version="chosen")
    assert install.installed_version(host) == "chosen"
    assert start(places).returncode == 0


def change_a_module(places: Path) -> None:
    next((places / "lib").rglob("cli/main.py")).write_text("# changed\n")


def remove_a_module(places: Path) -> None:
    next((places / "lib").rglob("cli/main.py")).unlink()


def remove_the_digests(places: Path) -> None:
    next((places / "lib").rglob("SHA256.json")).unlink()


def empty_the_digests(places: Path) -> None:
    next((places / "lib").rglob("SHA256.json")).write_text("{}")


def damage_the_digests(places: Path) -> None:
    next((places / "lib").rglob("SHA256.json")).write_text("[")


def leave_an_older_version(places: Path) -> None:
    (places / "lib" / "older").mkdir()


def change_the_executable(places: Path) -> None:
    (places / "sbin" / "nginx-edge").write_text("#!/bin/sh\n")


def forbid_the_execution(places: Path) -> None:
    (places / "sbin" / "nginx-edge").chmod(0o644)


@pytest.mark.parametrize(
    "damage",
    [
        change_a_module,
        remove_a_module,
        remove_the_digests,
        empty_the_digests,
        damage_the_digests,
        leave_an_older_version,
        change_the_executable,
        forbid_the_execution,
    ],
    ids=lambda damage: damage.__name__,
)
def test_a_damaged_one_has_no_version(places: Path, damage: Callable[[Path], None]) -> None:
    install.install(LocalHost(), install.sources(PACKAGE), check=False)
    damage(places)
    assert install.installed_version(LocalHost()) is None
