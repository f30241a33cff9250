# SPDX-License-Identifier: GPL-3.0-or-later
"""10,000 http sites: the first run and a run without changes, against those for 1,000."""

from __future__ import annotations

import time
from collections.abc import Sequence

from . import controller_sites as models
from .controller_runs import EMPTY, ROLE, Controller
from .controller_values import EMPTY_PLAY, MEMORY, OWN, PING, SECONDS, Values
from .edge_host import EdgeHost, edge_host
from .results import Goal, Say

ROUNDS = 2
FEW, MANY = 1_000, 10_000
NGINX = "nginx -t"
MEMORY_LIMIT = 200.0
LINEAR = 1.2


def first_of(sites: int) -> str:
    """The subject of the first run."""
    return f"role edge, first run with {sites:,} http sites"


def unchanged(sites: int) -> str:
    """The subject of a run without changes."""
    return f"role edge without changes, {sites:,} http sites"


def measure(quick: bool, say: Say, values: Values) -> Sequence[Goal]:
    """Measure both numbers of sites in turn, each round on a new host; the quick form does not.

    :raises RuntimeError: a run failed, or changed something although it must not.
    """
    if not quick:
        controllers = {sites: Controller(f"changes-{sites}") for sites in (FEW, MANY)}
        for sites, controller in controllers.items():
            controller.write_sites(models.sites(sites, https=False))
        for number in range(ROUNDS):
            for sites, controller in controllers.items():
                with edge_host(f"changes-{sites}") as host:
                    controller.write_hosts([host], models.VARIABLES)
                    one_round(controller, host, sites, values)
                say(f"round {number + 1} of {ROUNDS}: {sites:,} http sites")
    return goals(values)


def one_round(controller: Controller, host: EdgeHost, sites: int, values: Values) -> None:
    """The first run, then a run without changes, and what nginx itself needs to read the configuration."""
    for subject, play in ((first_of(sites), controller.play), (unchanged(sites), controller.play_without_changes)):
        values.add_run(subject, PING, controller.ping())
        values.add_run(subject, EMPTY_PLAY, controller.play(EMPTY))
        values.add_run(subject, OWN, play(ROLE))
    started = time.monotonic()
    host.execute("nginx", "-t")
    values.add(first_of(sites), NGINX, SECONDS, time.monotonic() - started)


def growth(values: Values, few: str, many: str, nginx: bool) -> float | None:
    """Seconds for each of many sites to those for each of few, both without an empty play.

    :param nginx: also without the time that nginx needs to read the configuration once.
    """
    found: list[float] = []
    for subject in (few, many):
        own, empty = (values.median(subject, candidate, SECONDS) for candidate in (OWN, EMPTY_PLAY))
        share = values.median(subject, NGINX, SECONDS) if nginx else 0.0
        if own is None or empty is None or share is None:
            return None
        found.append(own - empty - share)
    return found[1] / found[0] / (MANY / FEW)


def goals(values: Values) -> list[Goal]:
    """Peak memory of the controller, and whether time grows linearly."""
    first = growth(values, first_of(FEW), first_of(MANY), nginx=True)
    later = growth(values, unchanged(FEW), unchanged(MANY), nginx=False)
    each = f"seconds for each of {MANY:,} sites to those for each of {FEW:,}, without an empty play"
    memory = (
        Goal(
            f"{subject}: peak MiB on the controller", values.median(subject, OWN, MEMORY), MEMORY_LIMIT, at_least=False
        )
        for subject in (first_of(MANY), unchanged(MANY))
    )
    return [
        Goal(f"role edge, first run: {each} and without nginx -t", first, LINEAR, at_least=False),
        Goal(f"role edge without changes: {each}", later, LINEAR, at_least=False),
        *memory,
    ]
