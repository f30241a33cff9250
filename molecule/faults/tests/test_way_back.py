# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollback without Ansible and by the playbook ``rollback``: in check mode, by name, and without one."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import EDGES, Edge, on_all
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run, run_site

ROLLBACK = "hardened.nginx_edge.rollback"


def good(edge: Edge) -> None:
    for text in ("older", "good"):
        assert edge.change(text).code == 0


def roll_back(folder: Path, *options: str, variables: dict[str, str] | None = None) -> Run:
    done = run_site(*options, variables=variables or {}, folder=folder, playbook=ROLLBACK)
    assert done.code == 0, done
    return done


def test_the_playbook_goes_back(tmp_path: Path) -> None:
    on_all(good)
    before = on_all(Edge.state)
    looked = roll_back(tmp_path, "--check")
    assert on_all(Edge.state) == before
    assert set(looked.changed.values()) == {1}
    roll_back(tmp_path)
    after = on_all(Edge.state)
    for system, state in after.items():
        assert (state.served, state.settled, state.live) == ("older", True, before[system].back)


def test_the_playbook_goes_to_a_generation_by_its_name(tmp_path: Path) -> None:
    on_all(good)
    edge = EDGES[0]
    names = {"generation": edge.state().back or ""}
    for changed in (1, 0):
        done = roll_back(tmp_path, "--limit", edge.container, variables=names)
        assert done.changed[edge.container] == changed, done
        assert (edge.state().served, edge.state().settled) == ("older", True)
    refused = run_site(
        "--check", "--limit", edge.container, variables={"generation": "none"}, folder=tmp_path, playbook=ROLLBACK
    )
    assert refused.code != 0
    assert "there is no generation none on this host" in refused.failures[edge.container]
