# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cost of a run grows with the number of edges: wall-clock time, and CPU of the controller and of the hosts."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from . import controller_sites as models
from . import fleet_local, fleet_scale
from .changes import versions
from .controller_calls import Calls
from .controller_runs import ROLE, SITE, Controller, Run
from .controller_values import OWN, PING, Values
from .edge_host import EdgeHost, build_images, edge_host
from .fleet_hosts import observe
from .results import Goal, Say, Section

SIZES, QUICK_SIZES = (1, 4, 8, 16), (1, 4)
FORKS = (4, 8, 16)
ROUNDS, QUICK_ROUNDS = 2, 1
SITES = 100
ROLE_SAME = "role edge without changes, same model"
ROLE_SEPARATE = "role edge without changes, separate models"
SITE_SAME = "site.yml without changes, same model"
SLOPE = "controller CPU s per additional host"
LIMIT = 0.35
NOTES = (
    "Runs without changes. The scaffold's settings: 20 forks, strategy linear. site.yml has the default batches: one "
    "host, 30 %, the rest. The role edge is one batch.",
    "Controller CPU is that of ansible-playbook and all its child processes, among them the clients of SSH. "
    "Containers CPU is that of the hosts, from their cgroups. Other CPU is the rest of the machine. All of them share "
    "the cores of one machine.",
    "CPU per additional host is the slope of a line through the numbers of hosts, fitted for each round.",
)


class Fleet:
    """Hosts, and the values that are measured with them.

    :param sites: of each host.
    """

    def __init__(self, hosts: Sequence[EdgeHost], sites: int, rounds: int, say: Say) -> None:
        self.hosts = hosts
        self.sites = sites
        self.rounds = rounds
        self.say = say
        self.values = Values()
        self._lines: dict[tuple[str, str], list[fleet_scale.Line]] = {}

    def subject(self, number: int, work: str) -> str:
        """What a number of hosts does."""
        return f"{number} {'host' if number == 1 else 'hosts'}, {work}, {self.sites:,} https sites each"

    def observe(self, number: int, work: str, candidate: str, run: Callable[[str, str], Run]) -> Run:
        """Run something for the first hosts, and add its costs to the values.

        :param run: gets options of Ansible that select these hosts.
        """
        cost = observe(self.hosts[:number], lambda: run("--limit", f"edge[0:{number - 1}]"))
        subject = self.subject(number, work)
        cost.add_to(self.values, subject, candidate)
        self.say(
            f"{subject}: {candidate}: {cost.run.seconds:.1f} s, CPU of the controller {cost.run.cpu_seconds:.1f} s, "
            f"of the containers {cost.hosts_cpu:.1f} s"
        )
        return cost.run

    def measure(self, sizes: Sequence[int], work: str, controller: Controller, playbook: str) -> None:
        """Measure a run without changes for some numbers of hosts in turn, several rounds, each with a ping."""

        def play(*options: str) -> Run:
            return controller.play_without_changes(playbook, *options)

        for _round in range(self.rounds):
            for candidate, run in ((PING, controller.ping), (OWN, play)):
                points = [(number, self.observe(number, work, candidate, run).cpu_seconds) for number in sizes]
                line = fleet_scale.line(points)
                self._lines.setdefault((work, candidate), []).append(line)
                self.values.add(f"{work}, {self.sites:,} https sites each", candidate, SLOPE, line.each)

    def line(self, work: str) -> fleet_scale.Line:
        """The medians of the lines of all rounds."""
        found = self._lines[work, OWN]
        return fleet_scale.Line(
            statistics.median(one.fixed for one in found), statistics.median(one.each for one in found)
        )


def measure_same(fleet: Fleet, sizes: Sequence[int], forks: Sequence[int]) -> Calls:
    """Measure hosts with the same model; return the calls of a run of ``site.yml`` for the first host."""
    controller = Controller("fleet-same")
    controller.write_hosts(fleet.hosts, models.VARIABLES)
    controller.write_sites(models.sites(fleet.sites))
    fleet.say(f"deploy the same {fleet.sites:,} sites on {len(fleet.hosts)} hosts")
    controller.play(SITE, "-e", "edge_batches=100%")
    fleet.measure(sizes, ROLE_SAME, controller, ROLE)
    fleet.measure(sizes, SITE_SAME, controller, SITE)
    for _round in range(fleet.rounds if forks else 0):
        for number in forks:
            play = functools.partial(controller.play_without_changes, ROLE, "--forks", str(number))
            fleet.observe(sizes[-1], f"{number} forks, {ROLE_SAME}", OWN, play)
    return controller.play_recorded(SITE, "--limit", fleet.hosts[0].name)


def measure_separate(fleet: Fleet, sizes: Sequence[int]) -> None:
    """Measure hosts of which each has a separate model."""
    controller = Controller("fleet-separate")
    controller.write_hosts(fleet.hosts, models.VARIABLES)
    for number, host in enumerate(fleet.hosts):
        controller.write_variables_of(host, {"edge_sites_dir": f"sites.d/{host.name}"})
        controller.write_sites(models.sites(fleet.sites, prefix=f"edge{number}-site"), host.name)
    fleet.say(f"deploy {fleet.sites:,} other sites on each of {len(fleet.hosts)} hosts")
    controller.play(ROLE)
    fleet.measure(sizes, ROLE_SEPARATE, controller, ROLE)


def goals(fleet: Fleet) -> tuple[Goal, ...]:
    """The controller's CPU for an additional host."""
    slope = fleet.values.median(f"{ROLE_SAME}, {fleet.sites:,} https sites each", OWN, SLOPE)
    text = f"role edge without changes, hosts with the same model of {fleet.sites:,} sites: {SLOPE}"
    return (Goal(text, slope, LIMIT, at_least=False),)


def costs(fleet: Fleet, calls: Calls, local: Values) -> fleet_scale.Costs:
    """What the derivation for large fleets starts from."""
    host = fleet.hosts[0].name
    seconds = [call.seconds for call in calls.modules if call.host == host]
    probes = [call.seconds for call in calls.modules if call.host == host and call.name.endswith("edge_probe")]
    return fleet_scale.Costs(
        sites=fleet.sites,
        controller=fleet.line(SITE_SAME),
        calls=len(seconds),
        call_seconds=statistics.mean(seconds),
        probe_seconds=sum(probes),
        pull_cpu=fleet_local.pull_cpu(local, fleet.sites),
        runner_seconds=fleet_local.runner_overhead(local, fleet.sites),
    )


def run(quick: bool, say: Say) -> Section:
    """Measure fleets; a full run also has separate models, and the ways to run the playbook for one edge.

    :raises RuntimeError: a run failed, or changed something although it must not.
    """
    build_images("edge:trixie")
    sizes = QUICK_SIZES if quick else SIZES
    with ExitStack() as stack:
        hosts = [stack.enter_context(edge_host(f"fleet-{number + 1}")) for number in range(sizes[-1])]
        say(f"{len(hosts)} hosts have booted")
        fleet = Fleet(hosts, SITES, QUICK_ROUNDS if quick else ROUNDS, say)
        calls = measure_same(fleet, sizes, () if quick else FORKS)
        if not quick:
            measure_separate(fleet, sizes)
    local = Values()
    notes = (*NOTES, "Not in the quick form: separate models.") if quick else NOTES
    if not quick:
        fleet_local.measure(SITES, say, local)
    return Section(
        "Fleets",
        (*fleet.values.measurements(), *local.measurements()),
        goals(fleet),
        versions() if quick else {**versions(), "ansible-runner": fleet_local.runner_version()},
        (*notes, *fleet_scale.notes(costs(fleet, calls, local))),
    )
