# SPDX-License-Identifier: GPL-3.0-or-later
"""certbot is upgraded on a live edge outside a run: only the edge's own timer renews, and it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import (
    TIMER,
    Edge,
    Story,
    happens,
    run,
    settle,
    start_renewal,
)
from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import record
from ansible_collections.hardened.nginx_edge.molecule.shared.packages import make_newer
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run
from ansible_collections.hardened.nginx_edge.tools.reliability import NO_FAILURE, Measured, measured_row

UNITS = ("certbot.timer", "certbot.service", TIMER)


def states(edge: Edge) -> dict[str, str]:
    """How systemd starts the units that renew, and whether it would now."""
    shown = edge.shell(f"systemctl show --property=Id,UnitFileState,ActiveState {' '.join(UNITS)}").split("\n\n")
    units = [dict(line.split("=", 1) for line in unit.splitlines()) for unit in shown]
    return {unit["Id"]: f"{unit['UnitFileState']}, {unit['ActiveState']}" for unit in units}


@pytest.fixture(scope="module")
def before(edges: list[Edge], folder: Path) -> dict[str, dict[str, str]]:
    settle(edges, folder)
    return {edge.suite: states(edge) for edge in edges}


@pytest.fixture(scope="module")
def upgraded(edges: list[Edge], before: dict[str, dict[str, str]]) -> dict[str, Story]:
    """The package is upgraded with its scripts, and a certificate is due afterwards."""
    assert before

    def upgrade() -> dict[str, str]:
        ended = {}
        for edge in edges:
            edge.shell(make_newer(edge.host.run, "certbot", "outside"))
            edge.make_due()
            ended[edge.suite] = start_renewal(edge)
            edge.not_due()
        return ended

    return happens(upgrade, edges)


@pytest.fixture(scope="module")
def next_run(upgraded: dict[str, Story], folder: Path) -> Run:
    assert upgraded
    return run(folder)


def test_renewal_goes_on(
    request: pytest.FixtureRequest,
    edge: Edge,
    before: dict[str, dict[str, str]],
    upgraded: dict[str, Story],
    next_run: Run,
) -> None:
    story = upgraded[edge.suite]
    assert edge.shell("dpkg-query --show --showformat '${Version}' certbot").endswith("+outside")
    after = states(edge)
    assert after == before[edge.suite]
    for unit in ("certbot.timer", "certbot.service"):
        assert after[unit] in ("masked, inactive", "masked, failed")
    assert after[TIMER] == "enabled, active"
    assert story.outcome == "inactive", story.told()
    assert story.went_over, story.told()
    assert "nginx_edge_renewal_succeeded 1" in edge.shell("nginx-edge metrics")
    assert (next_run.code, next_run.changed[f"certificates-{edge.suite}"]) == (0, 0), next_run
    row = measured_row(
        Measured(story.during.count, story.during.failures),
        fault="certbot is upgraded, whose package starts its own timer, and a certificate is due",
        system=edge.suite,
        reports="done; certbot.timer stays masked",
        during=NO_FAILURE,
        sound=[edge.host.attempt("nginx", "-t").returncode == 0],
        after="the renewed certificate, by nginx-edge-certbot.timer's unit",
        next_run="finds nothing to do",
    )
    record(request, row)
