# SPDX-License-Identifier: GPL-3.0-or-later
"""A run without changes against a playbook that works like the well-known roles: a template for each site."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from . import controller_sites as models
from .changes import versions
from .controller_runs import PLAYBOOKS, ROLE, SITE, Controller
from .controller_values import OWN, PING, Values
from .edge_host import WORK, build_images, edge_host
from .results import Goal, Say, Section

BASELINE = str(PLAYBOOKS / "template_per_site" / "site.yml")
TEMPLATE = "template per site"
WHOLE_SITE = "site.yml"
SIZES = ((10, 3), (30, 3), (100, 3), (300, 1), (1000, 1))
"""Number of sites, and of rounds; the baseline needs about 1.5 s for each site."""
QUICK_SIZES = ((10, 1), (20, 1))
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
    sizes = QUICK_SIZES if quick else SIZES
    pairs = WORK / "pairs"
    models.create_pairs(pairs, max(number for number, _rounds in sizes))
    with ExitStack() as stack:
        edge = stack.enter_context(edge_host("template-edge"))
        other = stack.enter_context(edge_host("template-baseline"))
        ours, baseline = Controller("template-edge"), Controller("template-baseline")
        baseline.write_hosts([other], {})
        deployed = 0
        for number, rounds in sizes:
            options = ("-e", f"site_count={number}", "-e", f"pairs={pairs}")
            ours.write_hosts([edge], {**models.VARIABLES, "edge_certificates": models.provided(pairs, number)})
            ours.write_sites(models.sites(number))
            say(f"deploy {number:,} sites on the edge and on the baseline")
            ours.play(ROLE if quick else SITE)
            baseline.play(BASELINE, *options, "-e", f"first_site={deployed}")
            deployed = number
            for count in range(rounds):
                runs = {
                    PING: ours.ping(),
                    OWN: ours.play_without_changes(ROLE),
                    TEMPLATE: baseline.play_without_changes(BASELINE, *options),
                }
                if not quick:
                    runs[WHOLE_SITE] = ours.play_without_changes(SITE)
                for candidate, run in runs.items():
                    values.add_run(subject(number), candidate, run)
                printed = ", ".join(f"{candidate} {run.seconds:.1f} s" for candidate, run in runs.items())
                say(f"round {count + 1} of {rounds}: {subject(number)}: {printed}")
    return goals(values)


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
