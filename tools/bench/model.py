# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the controller takes for many sites, from their files to the payload, and how much memory it needs.

The baseline is libyaml reading the same model as one text. Each pass is a separate process.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from . import controller_sites as models
from .controller_runs import measured, write_yaml
from .edge_host import COLLECTIONS, REPOSITORY
from .results import Goal, Measurement, Say, Section

ROUNDS, QUICK_ROUNDS = 5, 1
LOCATIONS = 10
FEW, MANY = 1_000, 10_000
WHOLE_WAY = "edge"
MEMORY_LIMIT = 200.0
LINEAR = 1.2
VARIABLES, SITES, WHOLE = "variables.yml", "sites.d", "whole.yml"
SECONDS, MEMORY = "seconds", "peak MiB"
NOTES = (
    "Each pass is a separate process, without Ansible. The candidate edge is the whole way from the files to the "
    "payload; its parts follow it. libyaml reads the same model as one text.",
    "Peak memory is the resident set of the process, with Python and the imported modules.",
)


@dataclass(frozen=True)
class Case:
    """A model.

    :param locations: of each site.
    """

    sites: int
    https: bool
    locations: int

    @property
    def subject(self) -> str:
        """For example ``1,000 sites, https, 10 locations each``."""
        return f"{self.sites:,} sites, {'https' if self.https else 'http'}, {self.locations} locations each"


CASES = (Case(100, True, LOCATIONS), Case(FEW, True, LOCATIONS), Case(FEW, False, 2), Case(MANY, False, 2))


def site(case: Case, number: int) -> dict[str, Any]:
    """A site of a model."""
    found = models.site(number, https=case.https)
    path, limits = "/part", [{"name": "api", "burst": 20}]
    more = range(len(found["locations"]), case.locations)
    found["locations"] += [{"path": f"{path}{part}/", "upstream": "app", "rate_limits": limits} for part in more]
    return found


def write_model(case: Case, folder: Path) -> None:
    """Write a model as files for both candidates."""
    sites = [site(case, number) for number in range(case.sites)]
    for one in sites:
        write_yaml(folder / SITES / f"{one['name']}.yml", one)
    write_yaml(folder / VARIABLES, models.VARIABLES)
    write_yaml(folder / WHOLE, {**models.VARIABLES, "edge_sites": sites})


def one_pass(candidate: str, *paths: Path) -> tuple[dict[str, float], float]:
    """Seconds of each part of the way, and peak memory of the process in MiB.

    :raises RuntimeError: the process failed.
    """
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{COLLECTIONS}"}
    command = (sys.executable, "-m", "tools.bench.model_worker", candidate, *map(str, paths))
    run = measured(command, REPOSITORY, environment)
    found: dict[str, float] = json.loads(run.output.splitlines()[-1])
    return found, run.peak_mebibytes


def measure(case: Case, rounds: int, folder: Path) -> list[Measurement]:
    """Measure both candidates in turn."""
    write_model(case, folder)
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _round in range(rounds):
        parts, memory = one_pass("edge", folder / VARIABLES, folder / SITES)
        for part, seconds in {WHOLE_WAY: sum(parts.values()), **parts}.items():
            values[part, SECONDS].append(seconds)
        values[WHOLE_WAY, MEMORY].append(memory)
        parts, memory = one_pass("libyaml", folder / WHOLE)
        values["libyaml", SECONDS].append(sum(parts.values()))
        values["libyaml", MEMORY].append(memory)
    return [Measurement(case.subject, part, metric, tuple(found)) for (part, metric), found in values.items()]


def goals(measurements: Iterable[Measurement]) -> tuple[Goal, Goal]:
    """Memory with 10,000 sites, and whether time grows linearly from 1,000 to 10,000."""
    whole: Mapping[tuple[str, str], Measurement] = {
        (one.subject, one.metric): one for one in measurements if one.candidate == WHOLE_WAY
    }
    few, many = (next(case for case in CASES if case.sites == number and not case.https) for number in (FEW, MANY))
    growth = whole[many.subject, SECONDS].median / whole[few.subject, SECONDS].median / (MANY / FEW)
    memory = whole[many.subject, MEMORY].median
    return (
        Goal(f"from files to payload: peak MiB of the process, {many.subject}", memory, MEMORY_LIMIT, at_least=False),
        Goal(
            f"from files to payload: seconds for each of {MANY:,} sites to those for each of {FEW:,}",
            growth,
            LINEAR,
            at_least=False,
        ),
    )


def run(quick: bool, say: Say) -> Section:
    """Measure all models.

    :raises RuntimeError: a process failed.
    """
    rounds = QUICK_ROUNDS if quick else ROUNDS
    measurements: list[Measurement] = []
    for case in CASES:
        with TemporaryDirectory() as folder:
            measurements += measure(case, rounds, Path(folder))
        whole = next(one for one in measurements if one.subject == case.subject and one.candidate == WHOLE_WAY)
        say(f"{case.subject}: {whole.median:.2f} s")
    versions = {"Python": sys.version.split()[0], "PyYAML": yaml.__version__}
    return Section("From files to payload", tuple(measurements), goals(measurements), versions, NOTES)
