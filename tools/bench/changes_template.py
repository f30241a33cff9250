# SPDX-License-Identifier: GPL-3.0-or-later
"""A run without changes against a playbook that works like the well-known roles: a template for each site."""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack

from . import controller_sites as models
from .controller_runs import PLAYBOOKS, ROLE, SITE, Controller
from .edge_host import WORK, edge_host
from .results import Goal, Measurement, Say

BASELINE = str(PLAYBOOKS / "template_per_site" / "site.yml")
TEMPLATE = "template per site"
WHOLE_SITE = "site.yml"
SIZES = ((10, 3), (30, 3), (100, 3), (300, 1), (1000, 1))
"""Number of sites, and of rounds; the baseline needs about a second for each site."""
QUICK_SIZES = ((10, 1), (30, 1))
COMPARED = 100
FASTER = 50.0
METRIC = "seconds"


def subject(sites: int) -> str:
    """What a run does."""
    return f"no changes with provided certificates, {sites:,} sites"


def measure(quick: bool, say: Say) -> tuple[list[Measurement], Goal]:
    """Measure both for each number of sites: deploy, then runs without changes in turn.

    :raises RuntimeError: a run failed, or changed something.
    """
    sizes = QUICK_SIZES if quick else SIZES
    pairs = WORK / "pairs"
    models.create_pairs(pairs, max(number for number, _rounds in sizes))
    values: dict[tuple[int, str], list[float]] = defaultdict(list)
    with ExitStack() as stack:
        edge = stack.enter_context(edge_host("template-edge"))
        other = stack.enter_context(edge_host("template-baseline"))
        ours, baseline = Controller("template-edge"), Controller("template-baseline")
        baseline.write_hosts([other], {})
        for number, rounds in sizes:
            options = ("-e", f"site_count={number}", "-e", f"pairs={pairs}")
            ours.write_hosts([edge], {**models.VARIABLES, "edge_certificates": models.provided(pairs, number)})
            ours.write_sites(models.sites(number))
            say(f"{number:,} sites: deploy the edge and the baseline")
            ours.play(SITE)
            baseline.play(BASELINE, *options)
            for count in range(rounds):
                runs = {
                    "ping": ours.ping(),
                    "edge": ours.play_without_changes(ROLE),
                    WHOLE_SITE: ours.play_without_changes(SITE),
                    TEMPLATE: baseline.play_without_changes(BASELINE, *options),
                }
                for candidate, run in runs.items():
                    values[number, candidate].append(run.seconds)
                say(
                    f"{number:,} sites, round {count + 1} of {rounds}: "
                    + ", ".join(f"{candidate} {run.seconds:.1f} s" for candidate, run in runs.items())
                )
    measurements = [
        Measurement(subject(number), candidate, METRIC, tuple(seconds))
        for (number, candidate), seconds in values.items()
    ]
    return measurements, goal(measurements)


def goal(measurements: list[Measurement]) -> Goal:
    """How many times faster the role is than the baseline with 100 sites."""
    found = {one.candidate: one.median for one in measurements if one.subject == subject(COMPARED)}
    ratio = found[TEMPLATE] / found["edge"] if found else None
    text = f"no changes, {COMPARED} sites: seconds of a template per site to those of the role edge"
    return Goal(text, ratio, FASTER, at_least=True)
