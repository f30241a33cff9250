# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed with SIGKILL before each single effect, and with each file half written; and the machine started anew."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import KILLED, Edge, on_all

WHAT = {
    "change": ("a change", 35),
    "reload": ("a reload", 8),
    "rollback": ("a rollback", 15),
}
# Staged and tested; switched; reloaded; proven, but not noted.
STEPS = ("fsync_dir generations", "rename nginx.conf", "run kill -HUP", "rename PROVEN")


@pytest.fixture(scope="module")
def killed(request: pytest.FixtureRequest) -> dict[str, Any]:
    what: str = request.param
    on_all(lambda edge: [edge.change(text) for text in ("older", "good")])
    return {"what": what, **on_all(lambda edge: edge.kills(what, f"{what}-{time.time_ns()}"))}


@pytest.mark.parametrize("killed", WHAT, indirect=True)
def test_killed_before_each_effect(killed: dict[str, Any], edge: Edge, row: Callable[..., None]) -> None:
    name, fewest = WHAT[killed["what"]]
    kills, watch = killed[edge.system]["kills"], killed[edge.system]["watch"]
    assert len(kills) >= fewest
    for kill in kills:
        before, after, end = kill["before"], kill["after"], kill["end"]
        assert after["sound"], kill
        assert after["answers"] in (before["live"], after["live"]), kill
        assert kill["again"]["code"] == 0, kill
        assert end["live"] == end["running"] == end["answers"], kill
        if killed["what"] == "change":
            assert after["served"] in (before["served"], kill["wanted"]), kill
            assert end["served"] == kill["wanted"], kill
        if killed["what"] == "rollback":
            assert end["live"] == kill["wanted"], kill
    assert watch["requests"] > len(kills)
    assert watch["failures"] == []
    row(
        f"{name} is killed before each of its effects, and with each file half written",
        reports="dies",
        during="no fresh request failed",
        watched=watch["failures"],
        sound=[kill["after"]["sound"] for kill in kills],
        after="the old or the new generation",
        next_run="makes the change whole",
        injected=len(kills),
    )


@pytest.mark.parametrize("step", STEPS)
def test_the_machine_starts_anew_in_the_middle(edge: Edge, row: Callable[..., None], step: str) -> None:
    old = edge.state()
    done = edge.change("new", "--until", step)
    assert done.code == KILLED
    live = edge.state().live
    subprocess.run(["docker", "restart", "--time", "20", edge.container], check=True, capture_output=True)
    state = wait_for_start(edge)
    assert state.sound
    assert state.answers == state.live == live
    assert state.served == ("good" if live == old.live else "new")
    again = edge.change("new")
    assert again.code == 0, again
    assert edge.state().served == "new"
    row(
        f"the machine starts anew behind the step `{step}`",
        reports="dies",
        during="nothing while it starts",
        after="the old generation" if live == old.live else "the new generation, which was tested",
        next_run="makes the change whole, and proves it",
    )


def wait_for_start(edge: Edge) -> Any:
    end = time.monotonic() + 60
    while edge.host.attempt("systemctl", "is-active", "--quiet", "nginx").returncode != 0:
        assert time.monotonic() < end, edge.host.attempt("systemctl", "status", "nginx").stdout
        time.sleep(0.3)
    return edge.state()
