# SPDX-License-Identifier: GPL-3.0-or-later
"""A quick run has every scenario, and every system; what it leaves out is there to be left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.tools import quick
from ansible_collections.hardened.nginx_edge.tools.shown import read_features


def laid_out(folder: Path) -> dict[str, dict[str, Any]]:
    quick.make(folder / "molecule")
    files = (folder / "molecule").glob("*/molecule.yml")
    return {path.parent.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in files}


def test_every_scenario_and_every_system_is_in_a_quick_run(tmp_path: Path) -> None:
    scenarios = laid_out(tmp_path)
    assert set(scenarios) == {path.parent.name for path in quick.SCENARIOS.glob("*/molecule.yml")}
    images = {one["image"] for scenario in scenarios.values() for one in scenario["platforms"]}
    edges = {image.rpartition(":")[2] for image in images if image.startswith(("nginx-edge/edge:", "nginx-edge/host:"))}
    assert edges >= {*read_features().systems}


def test_a_reduced_scenario_has_all_but_the_hosts_that_are_left_out(tmp_path: Path) -> None:
    scenarios = laid_out(tmp_path)
    for name, without in quick.left_out().items():
        whole = yaml.safe_load((quick.SCENARIOS / name / "molecule.yml").read_text(encoding="utf-8"))
        names = [one["name"] for one in whole["platforms"]]
        assert [one["name"] for one in scenarios[name]["platforms"]] == [one for one in names if one not in without]
        tests = {path.name: path.resolve() for path in (tmp_path / "molecule" / name / "tests").glob("*.py")}
        every = {path.name: path.resolve() for path in (quick.SCENARIOS / name / "tests").glob("*.py")}
        assert tests == {name: path for name, path in every.items() if name not in without}
    assert (tmp_path / "molecule" / "conftest.py").exists()


def test_a_scenario_without_idempotence_has_its_other_steps(tmp_path: Path) -> None:
    fleet, default = (laid_out(tmp_path)[name] for name in ("fleet", "default"))
    assert fleet["scenario"]["test_sequence"] == ["destroy", "create", "prepare", "converge", "verify", "destroy"]
    assert "scenario" not in default


@pytest.mark.parametrize(("without", "message"), [(["edge-9"], "no platform edge-9"), (["edge-1"], "no edge is left")])
def test_what_cannot_be_left_out_is_told(without: list[str], message: str) -> None:
    scenario = {"platforms": [{"name": "edge-1", "groups": ["edge"]}, {"name": "client", "groups": ["client"]}]}
    with pytest.raises(ValueError, match=message):
        quick.reduced(scenario, without)


def test_a_file_that_cannot_be_left_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "left_out", lambda: {"default": ["test_nothing.py"]})
    with pytest.raises(ValueError, match=r"no file test_nothing\.py in default/tests"):
        quick.make(tmp_path / "molecule")


@pytest.mark.parametrize("suite", ["bookworm", "trixie", "noble"])
def test_a_scenario_runs_with_one_edge_on_a_suite(tmp_path: Path, suite: str) -> None:
    pattern, images = quick.make_on_suite("default", suite, tmp_path)
    assert pattern == str(tmp_path / "*" / "molecule.yml")
    scenario = yaml.safe_load((tmp_path / "default" / "molecule.yml").read_text(encoding="utf-8"))
    edges = [one for one in scenario["platforms"] if "edge" in one["groups"]]
    assert [one["image"] for one in edges] == [f"nginx-edge/host:{suite}"]
    assert {"backend", "acme", "client"} <= {group for one in scenario["platforms"] for group in one["groups"]}
    assert images == ["acme:trixie", "backend:trixie", "client:trixie", f"host:{suite}"]


def test_an_edge_that_runs_on_the_suite_is_chosen(tmp_path: Path) -> None:
    quick.make_on_suite("default", "trixie", tmp_path)
    scenario = yaml.safe_load((tmp_path / "default" / "molecule.yml").read_text(encoding="utf-8"))
    assert [one["name"] for one in scenario["platforms"] if "edge" in one["groups"]] == ["edge-trixie"]
