# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a run of the playbook takes for one edge, compared with a ping and an empty play of the same round."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from . import changes_large
from . import controller_sites as models
from .controller_runs import EMPTY, ROLE, SITE, Controller, changed_tasks
from .controller_values import CALLS, EMPTY_PLAY, OWN, PING, Values
from .edge_host import EdgeHost, build_images, edge_host
from .results import Goal, Say, Section

ROUNDS, QUICK_ROUNDS = 3, 1
MANY = 1_000
SITE_ONE = "site.yml without changes, 1 https site"
SITE_MANY = f"site.yml without changes, {MANY:,} https sites"
ROLE_MANY = f"role edge without changes, {MANY:,} https sites"
ROLE_CHANGED = f"role edge, 1 of {MANY:,} https sites changed"
ROLE_FIRST = f"role edge, first run with {MANY:,} https sites"
LIMITS = {SITE_ONE: 5.0, SITE_MANY: 6.0, ROLE_MANY: 2.0, ROLE_CHANGED: 3.5, ROLE_FIRST: 6.0}
"""Seconds of a run to those of a ping."""
MOST_CALLS = 12.0
NOTES = (
    "A run is ansible-playbook in a repository that playbooks/init.yml created, with its ansible.cfg. Each run comes "
    "after a ping (ansible -m ping) and an empty play with the same inventory.",
    "The host is a container with systemd on the same machine, reached over SSH, by an account that uses sudo. The "
    "connection of a ping is used again, as in daily work. The controller and the host share the cores.",
    "Self-signed certificates; a file for each site. The first run starts on a new host that has nginx with Debian's "
    "settings.",
    "Module calls, commands and the slowest tasks are from one more run, which records them. A delegated module counts "
    "for the host that executes it.",
)


@dataclass(frozen=True)
class Case:
    """A run that is repeated.

    :param prepare: called before each run, with its number.
    :param changes: whether the run must change something. Otherwise, it must not.
    """

    subject: str
    controller: Controller
    host: EdgeHost
    playbook: str
    prepare: Callable[[int], None]
    changes: bool

    def measure(self, number: int, values: Values) -> str:
        """Ping, empty play and run; return a summary.

        :raises RuntimeError: a run failed, or changed something although it must not, or the reverse.
        """
        self.prepare(number)
        ping = self.controller.ping()
        empty = self.controller.play(EMPTY)
        run = self.controller.play(self.playbook)
        changed = changed_tasks(run.output)[self.host.name]
        if bool(changed) != self.changes:
            raise RuntimeError(f"{self.subject}: {changed} tasks changed something:\n{run.output[-4000:]}")
        for candidate, one in {OWN: run, PING: ping, EMPTY_PLAY: empty}.items():
            values.add_run(self.subject, candidate, one)
        return f"{self.subject}: {run.seconds:.1f} s, {run.seconds / ping.seconds:.1f} x ping"

    def record(self, number: int, values: Values) -> str:
        """Count the calls of one more run; return a summary."""
        self.prepare(number)
        calls = self.controller.play_recorded(self.playbook)
        values.add_calls(self.subject, self.host.name, calls)
        return f"{self.subject}: {calls.count(self.host.name)} module calls: {dict(calls.by_name(self.host.name))}"


class NewHost:
    """A host that can be replaced by a new one with the same name."""

    def __init__(self, stack: ExitStack, name: str) -> None:
        self._name = name
        self._stack = stack.enter_context(ExitStack())
        self.host = self.replace()

    def replace(self) -> EdgeHost:
        """Remove the host, and start a new one."""
        self._stack.close()
        return self._stack.enter_context(edge_host(self._name))


def nothing(_number: int) -> None:
    """Prepare nothing."""


def cases(stack: ExitStack, say: Say) -> list[Case]:
    """Start the hosts and deploy the edges."""
    one, many = (stack.enter_context(edge_host(f"changes-{name}")) for name in ("one", "many"))
    new = NewHost(stack, "changes-new")
    few, much, first = Controller("changes-one"), Controller("changes-many"), Controller("changes-new")
    for controller, host, number in ((few, one, 1), (much, many, MANY), (first, new.host, MANY)):
        controller.write_hosts([host], models.VARIABLES)
        controller.write_sites(models.sites(number))
    for controller, number in ((few, 1), (much, MANY)):
        say(f"deploy {number:,} https sites")
        controller.play(SITE)

    def change(number: int) -> None:
        much.write_site(models.site(0, text=f"change {number}"))

    def renew(number: int) -> None:
        if number:  # the first round has the host that was just started
            first.write_hosts([new.replace()], models.VARIABLES)

    return [
        Case(SITE_ONE, few, one, SITE, nothing, False),
        Case(SITE_MANY, much, many, SITE, nothing, False),
        Case(ROLE_MANY, much, many, ROLE, nothing, False),
        Case(ROLE_CHANGED, much, many, ROLE, change, True),
        Case(ROLE_FIRST, first, new.host, ROLE, renew, True),
    ]


def goals(values: Values) -> list[Goal]:
    """The ratios to a ping, and the number of module calls."""
    found = [
        Goal(f"{subject}: seconds to those of a ping", values.ratio(subject, OWN, PING), limit, at_least=False)
        for subject, limit in LIMITS.items()
    ]
    calls = (
        Goal(f"{one}: module calls", values.median(one, OWN, CALLS), MOST_CALLS, False) for one in (SITE_ONE, SITE_MANY)
    )
    return [*found, *calls]


def measure(quick: bool, say: Say, values: Values) -> Sequence[Goal]:
    """Measure all cases in turn, several rounds."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with ExitStack() as stack:
        found = cases(stack, say)
        for number in range(rounds):
            for case in found:
                say(f"round {number + 1} of {rounds}: {case.measure(number, values)}")
        for case in found:
            if not quick or case.playbook == SITE:
                say(case.record(rounds, values))
    return goals(values)


def run(quick: bool, say: Say) -> Section:
    """Measure the runs for one edge.

    :raises RuntimeError: a run failed, or changed something although it must not.
    """
    build_images("edge:trixie")
    values = Values()
    found = [*measure(quick, say, values)]
    found += changes_large.measure(quick, say, values)
    return Section("Changes", values.measurements(), tuple(found), versions(), NOTES)


def versions() -> dict[str, str]:
    """Versions of the programs on the controller."""
    return {"ansible-core": importlib.metadata.version("ansible-core"), "Python": sys.version.split()[0]}
