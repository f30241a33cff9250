# SPDX-License-Identifier: GPL-3.0-or-later
"""Edges are changed batch by batch; where one fails, later ones are left alone, and the summary tells so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.molecule.fleet.tests.edges import (
    BATCHES,
    CANARY,
    EDGES,
    LATER,
    MIDDLE,
    NAME,
    REFUSES,
    Asking,
    Edge,
    run_fleet,
)
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run

STOP = {"edge_batches": BATCHES, "edge_max_fail_percentage": 0}
Record = Callable[[str, object], None]


def sites(text: str) -> list[dict[str, Any]]:
    """The model of the scenario, with another text."""
    fixed = {"path": "/", "match": "exact", "return": {"status": 200, "text": text}}
    return [
        {"name": NAME, "locations": [fixed]},
        {"name": "down.test", "https": False, "locations": [{"path": "/", "upstream": "down"}]},
    ]


@dataclass(frozen=True)
class Changed:
    """A run, the generations before and after it, and what a client got all the time."""

    run: Run
    before: dict[Edge, str]
    after: dict[Edge, str]
    asking: Asking


def change(folder: Path, variables: dict[str, Any], hosts: dict[str, Any] | None = None) -> Changed:
    inventory = folder / "hosts.yml"
    inventory.write_text(json.dumps({"edge": {"hosts": hosts}}), encoding="utf-8")
    before = generations()
    with Asking() as asking:
        run = run_fleet(variables={**STOP, **variables}, folder=folder, inventories=[inventory] if hosts else [])
    return Changed(run, before, generations(), asking)


def generations() -> dict[Edge, str]:
    return {edge: edge.generation for edge in EDGES}


class TestAnEdgeThatRefuses:
    """The last edge of the second batch has a directive that no nginx knows, and which only its own test shows."""

    @pytest.fixture(scope="class")
    @staticmethod
    def changed(folder: Path) -> Changed:
        wrong = {REFUSES.name: {"edge_extra_directives": "no_such_directive on;"}}
        return change(folder, {"edge_sites": sites("model two")}, wrong)

    def test_the_run_fails_with_its_reason(self, changed: Changed, record_property: Record) -> None:
        record_property("note", "; ".join(f"{host}: {line}" for host, line in changed.run.summary.items()))
        assert changed.run.code != 0, changed.run
        assert list(changed.run.failures) == [REFUSES.name], changed.run
        assert 'unknown directive "no_such_directive"' in changed.run.failures[REFUSES.name]

    def test_earlier_edges_have_the_new_generation(self, changed: Changed) -> None:
        for edge in EDGES[:MIDDLE]:
            assert changed.after[edge] != changed.before[edge]
            assert edge.body == "model two"

    def test_it_and_later_edges_keep_theirs(self, changed: Changed) -> None:
        for edge in (REFUSES, *LATER):
            assert changed.after[edge] == changed.before[edge]
            assert edge.body == "model one"
            assert edge.host.attempt("nginx", "-t").returncode == 0

    def test_every_edge_serves_all_the_time(self, changed: Changed, record_property: Record) -> None:
        record_property("note", changed.asking.note)
        assert changed.asking.failed == []
        assert len(changed.asking.answers) == len(EDGES)
        assert changed.asking.answers.total() > 20 * len(EDGES)

    def test_the_summary_names_all(self, changed: Changed) -> None:
        lines = changed.run.summary
        assert sorted(lines) == [edge.name for edge in EDGES]
        for edge in EDGES[:MIDDLE]:
            assert lines[edge.name].startswith(f"generation {changed.after[edge]} answers, before: ")
            assert "1/2 sites healthy, certificates until 20" in lines[edge.name]
            assert lines[edge.name].endswith("down.test: answers 502")
        assert lines[REFUSES.name].startswith("FAILED: ")
        assert f"generation {changed.before[REFUSES]} answers, unchanged" in lines[REFUSES.name]
        for edge in LATER:
            assert lines[edge.name] == f"skipped: {REFUSES.name} failed in an earlier batch"


class TestAGoodRunAfterwards:
    """All edges come to the same text, and nothing is left to do."""

    @pytest.fixture(scope="class")
    @staticmethod
    def changed(folder: Path) -> Changed:
        return change(folder, {"edge_sites": sites("model two")})

    @pytest.fixture(scope="class")
    @staticmethod
    def again(changed: Changed, folder: Path) -> Run:
        assert changed.run.code == 0, changed.run
        return run_fleet(variables={"edge_sites": sites("model two")}, folder=folder)

    def test_brings_all_to_the_new_generation(self, changed: Changed) -> None:
        assert changed.run.code == 0, changed.run
        assert [edge.body for edge in EDGES] == ["model two"] * len(EDGES)
        assert changed.asking.failed == []
        for edge in (REFUSES, *LATER):
            assert changed.after[edge] != changed.before[edge]

    def test_a_second_run_changes_nothing(self, again: Run) -> None:
        assert again.code == 0, again
        assert [again.changed[edge.name] for edge in EDGES] == [0] * len(EDGES), again
        assert all(" answers, unchanged, " in line for line in again.summary.values())


class TestASiteThatAnswersWorse:
    """nginx takes the model, and the canary's site answers 502 where it answered 200."""

    @pytest.fixture(scope="class")
    @staticmethod
    def changed(folder: Path) -> Changed:
        wrong = [{"name": NAME, "locations": [{"path": "/", "upstream": "down"}]}, *sites("")[1:]]
        return change(folder, {"edge_sites": wrong, "edge_probe": {"retry_timeout": 2}})

    def test_the_run_stops_at_the_canary(self, changed: Changed, record_property: Record) -> None:
        record_property("note", changed.run.summary[CANARY.name])
        assert changed.run.code != 0, changed.run
        assert list(changed.run.failures) == [CANARY.name]
        assert changed.run.failures[CANARY.name] == (f"sites regressed in this run:\n{NAME}: answers 502")
        for edge in EDGES[1:]:
            assert changed.after[edge] == changed.before[edge]
            assert edge.body == "model two"

    def test_its_way_back_is_one_command(self, changed: Changed) -> None:
        printed = CANARY.host.run("nginx-edge", "rollback")
        assert f"Generation {changed.before[CANARY]} is live" in printed
        assert CANARY.body == "model two"


class TestCheckMode:
    """Shows what every edge would get."""

    @pytest.fixture(scope="class")
    @staticmethod
    def changed(folder: Path) -> tuple[Run, dict[Edge, str], dict[Edge, str]]:
        before = generations()
        run = run_fleet("--check", variables={"edge_sites": sites("model three")}, folder=folder)
        return run, before, generations()

    def test_changes_nothing(self, changed: tuple[Run, dict[Edge, str], dict[Edge, str]]) -> None:
        run, before, after = changed
        assert run.code == 0, run
        assert all(run.changed[edge.name] > 0 for edge in EDGES)
        assert after == before
        assert sorted(run.summary) == [edge.name for edge in EDGES]
