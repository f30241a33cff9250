# SPDX-License-Identifier: GPL-3.0-or-later
"""A renewal fails: each run reports the error of the authority until one can renew, which ends the alert."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import (
    Edge,
    Note,
    Story,
    happens,
    lead,
    run,
    start_renewal,
)

pytestmark = pytest.mark.feature("certificates")

NOWHERE = "10.213.83.40"
"""The client, on which nothing listens on port 80."""
METRIC = "nginx-edge metrics | grep '^nginx_edge_renewal_succeeded '"


@pytest.fixture(scope="module")
def failed(edges: list[Edge], folder: Path) -> Iterator[dict[str, Story]]:
    """The names lead elsewhere: three renewals, what the edge lists, and two runs."""

    def renew() -> dict[str, tuple[object, ...]]:
        states = {}
        for edge in edges:
            lead(NOWHERE, edge.name, f"www.{edge.name}")
            edge.make_due()
            states[edge.suite] = [start_renewal(edge) for _number in range(3)]
        listed = {edge.suite: edge.shell("nginx-edge certificates") for edge in edges}
        metric = {edge.suite: edge.shell(METRIC) for edge in edges}
        runs = [run(folder), run(folder)]
        return {edge.suite: (states[edge.suite], listed[edge.suite], metric[edge.suite], runs) for edge in edges}

    assert run(folder).code == 0  # other tests may have left other sites, or another authority
    try:
        yield happens(renew, edges)
    finally:
        for edge in edges:
            lead(edge.address, edge.name, f"www.{edge.name}")


@pytest.fixture(scope="module")
def repaired(failed: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Story]:
    """The cause is gone: a run, what the edge lists then, and another run."""
    assert failed
    for edge in edges:
        lead(edge.address, edge.name, f"www.{edge.name}")
        edge.not_due()

    def fix() -> dict[str, tuple[object, ...]]:
        first = run(folder)
        listed = {edge.suite: edge.shell("nginx-edge certificates") for edge in edges}
        metric = {edge.suite: edge.shell(METRIC) for edge in edges}
        return {edge.suite: (first, listed[edge.suite], metric[edge.suite], run(folder)) for edge in edges}

    return happens(fix, edges)


@pytest.mark.case("F8")
def test_each_run_reports_the_error_of_the_authority(edge: Edge, failed: dict[str, Story], note: Note) -> None:
    story = failed[edge.suite]
    note(story.told())
    states, listed, metric, runs = story.outcome
    assert states == ["failed"] * 3
    assert f"{edge.name}: the renewal failed on 20" in listed
    assert "urn:ietf:params:acme:error:connection: " in listed
    assert metric == "nginx_edge_renewal_succeeded 0\n"
    for one in runs:
        assert (one.code, one.changed[f"certificates-{edge.suite}"]) == (0, 0), one
        told = [line for line in one.warnings[-1] if edge.suite in line]
        assert any(
            "): the renewal failed on 20" in line and "urn:ietf:params:acme:error:connection: " in line for line in told
        ), told
        assert any("this run could not renew it either: certbot got no certificate from" in line for line in told), told
    assert (story.during.failures, story.during.shown) == ([], [story.before])
    assert story.after == story.before


@pytest.mark.case("F8")
def test_a_run_renews_when_the_cause_is_gone(edge: Edge, repaired: dict[str, Story], note: Note) -> None:
    story = repaired[edge.suite]
    note(story.told())
    first, listed, metric, second = story.outcome
    assert (first.code, story.during.failures) == (0, []), first
    assert "the renewal failed" not in json.dumps(first.warnings)
    assert "the renewal failed" not in listed
    assert metric == "nginx_edge_renewal_succeeded 1\n"
    assert story.before != story.after == edge.on_disk()
    assert story.went_over, story.told()
    assert (second.code, second.changed[f"certificates-{edge.suite}"]) == (0, 0), second


def test_the_next_renewal_succeeds(edge: Edge, repaired: dict[str, Story]) -> None:
    assert repaired
    before = edge.served()
    assert start_renewal(edge) == "inactive"
    assert edge.served() == before
