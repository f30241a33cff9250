# SPDX-License-Identifier: GPL-3.0-or-later
"""What the measured slopes mean for large fleets: derived, not measured."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FLEETS = (100, 1_000, 10_000)
BATCHES = ("1", "30%", "100%")
"""Defaults of ``edge_batches``."""
FORKS = 20
"""In the ansible.cfg of the scaffold."""
HOUR = 3600.0
INTERVAL = 1800.0
"""Seconds between two runs; the timer of docs/how-to/ansible-pull.md has the same."""
MINUTES = INTERVAL / 60


@dataclass(frozen=True)
class Line:
    """A cost that grows with the number of hosts.

    :param fixed: seconds without any host.
    :param each: seconds for each additional host.
    """

    fixed: float
    each: float

    def at(self, hosts: int) -> float:
        """Seconds for so many hosts."""
        return self.fixed + self.each * hosts


@dataclass(frozen=True)
class Costs:
    """Measured costs of a run of ``site.yml`` without changes, in seconds.

    :param sites: of each host.
    :param controller: CPU of the controller, for hosts with the same model.
    :param calls: executions of modules on a host.
    :param call_seconds: mean wall-clock time of one of them.
    :param probe_seconds: wall-clock time of the tasks that probe the sites of one host.
    :param pull_cpu: CPU of a run of ansible-pull on the host itself; None if it was not measured.
    :param runner_seconds: wall-clock time that ansible-runner adds to a run; None likewise.
    """

    sites: int
    controller: Line
    calls: int
    call_seconds: float
    probe_seconds: float
    pull_cpu: float | None
    runner_seconds: float | None


def line(points: Sequence[tuple[int, float]]) -> Line:
    """The line that fits best (least squares).

    :param points: number of hosts and seconds.
    :raises statistics.StatisticsError: there are fewer than two numbers of hosts.
    """
    slope, intercept = statistics.linear_regression(
        [hosts for hosts, _seconds in points], [one for _hosts, one in points]
    )
    return Line(intercept, slope)


def batches(hosts: int, sizes: Sequence[str] = BATCHES) -> list[int]:
    """The number of hosts in each batch, as Ansible's ``serial`` makes them.

    :param sizes: numbers, or percentages of all hosts; the last one is repeated.
    """
    found: list[int] = []
    rest = hosts
    while rest:
        size = sizes[min(len(found), len(sizes) - 1)]
        wanted = int(float(size[:-1]) / 100 * hosts) if size.endswith("%") else int(size)
        found.append(min(max(wanted, 1), rest))
        rest -= found[-1]
    return found


def waves(hosts: int, forks: int = FORKS) -> int:
    """How many times a task starts a group of processes, one for each host of the group, summed over all batches."""
    return sum(math.ceil(batch / forks) for batch in batches(hosts))


def round_trips(costs: Costs, hosts: int, forks: int = FORKS) -> float:
    """Seconds of a run that wait for modules on hosts, if the controller had unlimited CPU."""
    return waves(hosts, forks) * costs.calls * costs.call_seconds


def notes(costs: Costs) -> tuple[str, ...]:
    """Sentences for the page."""
    return tuple(_notes(costs))


def _notes(costs: Costs) -> Iterator[str]:
    cpu = costs.controller
    if cpu.each <= 0:
        yield "The CPU of the controller did not grow with the number of hosts in this run; nothing is derived from it."
        return
    yield (
        f"Derived from the slope, not measured: site.yml without changes, on hosts with the same model of "
        f"{costs.sites:,} sites, costs the controller {cpu.fixed:.1f} s of CPU and {cpu.each:.2f} s for each host. "
        f"That is {HOUR / cpu.each:,.0f} hosts per core-hour. With one core, a controller can run it every "
        f"{MINUTES:.0f} minutes for {max(INTERVAL - cpu.fixed, 0) / cpu.each:,.0f} hosts."
    )
    for hosts in FLEETS:
        sizes = ", ".join(f"{batch:,}" for batch in batches(hosts))
        probes = waves(hosts) * costs.probe_seconds
        yield (
            f"Derived: {hosts:,} edges in batches of {sizes} cost the controller {cpu.at(hosts):,.0f} s of CPU "
            f"({cpu.at(hosts) / HOUR:.2f} core-hours). With {FORKS} forks, the run also waits at least "
            f"{round_trips(costs, hosts):,.0f} s for modules on the hosts ({waves(hosts):,} groups of hosts, "
            f"{costs.calls} calls of {costs.call_seconds:.2f} s). {probes:,.0f} s of them are the probes."
        )
    yield (
        "Limit of ansible-playbook: one process gathers all results, and each task waits for the slowest host of its "
        "batch. Several controllers, each with a group of the edges, divide both times."
    )
    if costs.runner_seconds is not None:
        yield (
            f"Limit of ansible-runner and AWX: that of ansible-playbook, which they run. ansible-runner added "
            f"{costs.runner_seconds:.1f} s to a run for one edge. AWX was not measured."
        )
    if costs.pull_cpu is not None:
        yield (
            f"Limit of ansible-pull: no controller. Each edge spends {costs.pull_cpu:.1f} s of CPU on each "
            f"run, {costs.pull_cpu / INTERVAL:.1%} of a core with a run every {MINUTES:.0f} minutes. There are no "
            f"batches. {FLEETS[-1]:,} edges read the repository {FLEETS[-1] / INTERVAL:.1f} times per second."
        )
