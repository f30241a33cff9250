# SPDX-License-Identifier: GPL-3.0-or-later
"""Several edges in containers, and where the CPU time of a run goes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import docker

from ..cpu_load import busy_seconds
from .controller_runs import Run
from .controller_values import SECONDS, Values
from .edge_host import EdgeHost

CONTROLLER, HOSTS, OTHER = "controller CPU s", "containers CPU s", "other CPU s"
NANOSECONDS = 1e9


@dataclass(frozen=True)
class FleetRun:
    """What a run cost.

    :param run: the processes of the controller.
    :param hosts_cpu: CPU seconds of all containers of the fleet, from their cgroups.
    :param other_cpu: CPU seconds of everything else on the machine, for example the container engine.
    """

    run: Run
    hosts_cpu: float
    other_cpu: float

    def add_to(self, values: Values, subject: str, candidate: str) -> None:
        """Add all costs to the values of a benchmark."""
        values.add(subject, candidate, SECONDS, self.run.seconds)
        values.add(subject, candidate, CONTROLLER, self.run.cpu_seconds)
        values.add(subject, candidate, HOSTS, self.hosts_cpu)
        values.add(subject, candidate, OTHER, self.other_cpu)


def cpu_of_containers(hosts: Sequence[EdgeHost]) -> float:
    """CPU seconds of containers since they started; the engine reads them from their cgroups."""
    client = docker.from_env(max_pool_size=len(hosts))
    read = functools.partial(client.api.stats, stream=False, one_shot=True)
    try:
        with ThreadPoolExecutor(len(hosts)) as pool:  # the engine takes a second for each
            found = list(pool.map(read, [host.name for host in hosts]))
    finally:
        client.close()
    return float(sum(one["cpu_stats"]["cpu_usage"]["total_usage"] for one in found)) / NANOSECONDS


def observe(hosts: Sequence[EdgeHost], work: Callable[[], Run]) -> FleetRun:
    """Do some work, and read which part of the CPU time the containers spend."""
    containers, machine = cpu_of_containers(hosts), busy_seconds()
    run = work()
    machine = busy_seconds() - machine
    containers = cpu_of_containers(hosts) - containers
    return FleetRun(run, containers, max(machine - containers - run.cpu_seconds, 0.0))
