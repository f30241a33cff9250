# SPDX-License-Identifier: GPL-3.0-or-later
"""Slopes, and what they mean for large fleets."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest

from ansible_collections.hardened.nginx_edge.tools.bench.fleet_scale import (
    Costs,
    Line,
    batches,
    line,
    notes,
    round_trips,
    waves,
)

COSTS = Costs(100, Line(2.0, 0.5), calls=10, call_seconds=0.2, probe_seconds=0.4, pull_cpu=9.0, runner_seconds=1.5)


def test_the_line_through_measured_points() -> None:
    found = line([(1, 3.5), (4, 5.0), (8, 7.0), (16, 11.0)])
    assert found.fixed == pytest.approx(3.0)
    assert found.each == pytest.approx(0.5)
    assert found.at(100) == pytest.approx(53.0)


def test_one_number_of_hosts_has_no_slope() -> None:
    with pytest.raises(statistics.StatisticsError):
        line([(4, 1.0)])


@pytest.mark.parametrize(
    ("hosts", "sizes"),
    [(1, [1]), (2, [1, 1]), (4, [1, 1, 2]), (16, [1, 4, 11]), (100, [1, 30, 69]), (10_000, [1, 3000, 6999])],
)
def test_batches_are_those_of_ansible(hosts: int, sizes: list[int]) -> None:
    assert batches(hosts) == sizes


def test_the_last_size_is_repeated() -> None:
    assert batches(10, ("1", "4")) == [1, 4, 4, 1]


def test_each_batch_is_divided_by_the_forks() -> None:
    assert waves(100, forks=20) == 1 + 2 + 4
    assert round_trips(COSTS, 100, forks=20) == pytest.approx(7 * 10 * 0.2)


def test_the_notes_have_the_derived_numbers() -> None:
    text = "\n".join(notes(COSTS))
    assert "7,200 hosts per core-hour" in text
    assert "every 30 minutes for 3,596 hosts" in text
    assert "100 edges in batches of 1, 30, 69 cost the controller 52 s of CPU" in text
    assert "14 s for modules on the hosts (7 groups of hosts, 10 calls of 0.20 s). 3 s of them are the probes" in text
    assert "10,000 edges in batches of 1, 3,000, 6,999 cost the controller 5,002 s of CPU (1.39 core-hours)" in text
    assert "added 1.5 s to a run" in text
    assert "9.0 s of CPU on each run, 0.5% of a core" in text


def test_what_was_not_measured_is_not_mentioned() -> None:
    text = "\n".join(notes(replace(COSTS, pull_cpu=None, runner_seconds=None)))
    assert "ansible-pull" not in text
    assert "ansible-runner" not in text


def test_nothing_is_derived_without_a_slope() -> None:
    (only,) = notes(replace(COSTS, controller=Line(2.0, 0.0)))
    assert "did not grow" in only
