# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a run: each section with its conditions, as JSON in .cache/bench/results.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .results import Goal, Measurement, Section


@dataclass(frozen=True)
class Part:
    """A section, and the conditions under which it was measured.

    :param module: the module of ``tools.bench`` that measured it.
    :param quick: measured in the quick form, with fewer and shorter rounds.
    :param seconds: how long it took.
    :param load_before: share of a core that other programs used before; 2.0 means two busy cores.
    :param load_after: the same after it.
    """

    module: str
    section: Section
    quick: bool
    date: str
    commit: str
    seconds: float
    load_before: float
    load_after: float


@dataclass(frozen=True)
class Profile:
    """The functions in which a program spent its CPU time under a load.

    :param rows: percent of the samples, function, and the file that contains it.
    """

    program: str
    load: str
    date: str
    commit: str
    rows: tuple[tuple[float, str, str], ...]


@dataclass(frozen=True)
class Record:
    """All parts that were measured on one machine.

    :param failures: module -> why it has no result.
    """

    machine: Mapping[str, str]
    parts: tuple[Part, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    profiles: tuple[Profile, ...] = ()

    def with_part(self, part: Part) -> Record:
        """The record with a part in place of an earlier one of the same module."""
        failures = {module: reason for module, reason in self.failures.items() if module != part.module}
        return replace(self, parts=(*self._others(part.module), part), failures=failures)

    def with_failure(self, module: str, reason: str) -> Record:
        """The record with a failure in place of an earlier result of the module."""
        return replace(self, parts=self._others(module), failures={**self.failures, module: reason})

    def with_profiles(self, profiles: tuple[Profile, ...]) -> Record:
        """The record with profiles in place of earlier ones; with an empty tuple, the earlier ones stay."""
        return replace(self, profiles=profiles or self.profiles)

    def _others(self, module: str) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.module != module)


def write(record: Record, path: Path) -> None:
    """Write a record as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")


def read(path: Path, machine: Mapping[str, str]) -> Record:
    """Read what earlier runs measured on this machine; an empty record if there is nothing, or on another machine."""
    try:
        found = load(path)
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or another commit wrote it in another form
        return Record(machine)
    return found if dict(found.machine) == dict(machine) else Record(machine)


def load(path: Path) -> Record:
    """Read a record."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Record(
        found["machine"],
        tuple(Part(**{**part, "section": _section(part["section"])}) for part in found["parts"]),
        found["failures"],
        tuple(Profile(**{**one, "rows": tuple(map(tuple, one["rows"]))}) for one in found["profiles"]),
    )


def _section(found: Mapping[str, Any]) -> Section:
    return Section(
        found["name"],
        tuple(Measurement(**{**one, "values": tuple(one["values"])}) for one in found["measurements"]),
        tuple(Goal(**one) for one in found["goals"]),
        found["versions"],
        tuple(found["notes"]),
    )
