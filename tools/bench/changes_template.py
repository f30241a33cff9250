# SPDX-License-Identifier: GPL-3.0-or-later
"""A run without changes against a playbook that works like the well-known roles: a template for each site."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from . import controller_sites as models
from .changes import versions
from .controller_runs import PLAYBOOKS, ROLE, SITE, Controller, Run
from .controller_values import OWN, PING, Values
from .edge_host import WORK, build_images, edge_host
from .results import Goal, Say, Section

BASELINE = str(PLAYBOOKS / "template_per_site" / "site.yml")
TEMPLATE = "template per site"
WHOLE_SITE = "site.yml"
SIZES, QUICK_SIZES = (10, 30, 100), (5, 10)
"""Numbers of sites of both. The baseline needs about 1.5 s for each site, in each run."""
OWN_SIZES = (300, 1_000)
"""More numbers of sites of the edge."""
ROUNDS, QUICK_ROUNDS = 2, 1
COMPARED = 100
FASTER = 50.0
NOTES = (
    "The template per site is a playbook in tests/bench/changes/template_per_site: a task that loops over the sites "
    "for each kind of file. It also installs nginx, as site.yml does. Both get the same certificates as files.",
    "Both are runs without changes, over SSH, by an account that uses sudo.",
)


def subject(sites: int) -> str:
    """What a run does."""
    return f"no changes with provided certificates, {sites:,} sites"


def measure(quick: bool, say: Say, values: Values) -> Sequence[Goal]:
    """Measure both for each number of sites: deploy, then runs without changes in turn.

    :raises RuntimeError: a run failed, or changed something.
    """
    sizes, more = (QUICK_SIZES, ()) if quick else (SIZES, OWN_SIZES)
    pairs = WORK / "pairs"
    models.create_pairs(pairs, max((*sizes, *more)))
    with ExitStack() as stack:
        edge = stack.enter_context(edge_host("template-edge"))
        other = stack.enter_context(edge_host("template-baseline"))
        ours, baseline = Controller("template-edge"), Controller("template-baseline")
        baseline.write_hosts([other], {})
        deployed = 0
        for number in (*sizes, *more):
            options = ("-e", f"site_count={number}", "-e", f"pairs={pairs}")
            ours.write_hosts([edge], {**models.VARIABLES, "edge_certificates": models.provided(pairs, number)})
            ours.write_sites(models.sites(number))
            say(f"deploy {number:,} sites")
            ours.play(SITE)
            ways = {PING: ours.ping, OWN: lambda: ours.play_without_changes(ROLE)}
            if number in sizes:
                baseline.play(BASELINE, *options, "-e", f"first_site={deployed}")
                ways[TEMPLATE] = functools.partial(baseline.play_without_changes, BASELINE, *options)
            ways[WHOLE_SITE] = lambda: ours.play_without_changes(SITE)
            deployed = number
            for _round in range(QUICK_ROUNDS if quick else ROUNDS):
                one_round(number, ways, values, say)
    return goals(values)


def one_round(sites: int, ways: Mapping[str, Callable[[], Run]], values: Values, say: Say) -> None:
    """Run each candidate once.

    :param ways: candidate -> its run.
    """
    runs = {candidate: way() for candidate, way in ways.items()}
    for candidate, run in runs.items():
        values.add_run(subject(sites), candidate, run)
    say(f"{subject(sites)}: {', '.join(f'{candidate} {run.seconds:.1f} s' for candidate, run in runs.items())}")


def goals(values: Values) -> list[Goal]:
    """How many times faster the role is than the baseline with 100 sites."""
    ratio = values.ratio(subject(COMPARED), TEMPLATE, OWN)
    text = f"no changes, {COMPARED} sites: seconds of a template per site to those of the role edge"
    return [Goal(text, ratio, FASTER, at_least=True)]


def run(quick: bool, say: Say) -> Section:
    """Measure both.

    :raises RuntimeError: a run failed, or changed something although it must not.
    """
    build_images("edge:trixie")
    values = Values()
    found = measure(quick, say, values)
    return Section("A template per site", values.measurements(), tuple(found), versions(), NOTES)
