# SPDX-License-Identifier: GPL-3.0-or-later
"""Deviations of nginx itself that are accepted, each with its reason: ``molecule/guarantees/tests/deviations.yml``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from .judge import Complaint

DEVIATIONS = Path(__file__).resolve().parents[2] / "molecule" / "guarantees" / "tests" / "deviations.yml"


@dataclass(frozen=True)
class Deviation:
    """One of them.

    :param requests: ids of rows; ``*`` stands for anything.
    :param systems: where it happens.
    :param about: what differs, as complaints name it.
    """

    requests: Sequence[str]
    systems: Sequence[str]
    about: Sequence[str]
    reason: str

    def covers(self, row: str, system: str) -> bool:
        """Whether it is about a row on a system."""
        return system in self.systems and any(fnmatchcase(row, pattern) for pattern in self.requests)


def read_deviations(systems: Sequence[str], path: Path = DEVIATIONS) -> list[Deviation]:
    """All of them; those that name no systems happen on each."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["deviations"]
    return [
        Deviation(one["requests"], one.get("systems", systems), one["about"], " ".join(one["reason"].split()))
        for one in entries
    ]


def documented(deviations: Iterable[Deviation], row: str, system: str) -> set[str]:
    """What may differ, and must."""
    return {about for one in deviations if one.covers(row, system) for about in one.about}


def differences(complaints: Sequence[Complaint], expected: set[str]) -> list[str]:
    """What is wrong with a row: complaints that are not documented, and documented ones that are missing."""
    wrong = [str(one) for one in complaints if one.about not in expected]
    missing = expected - {one.about for one in complaints}
    return wrong + [f"{about}: differs no more; remove it from deviations.yml" for about in sorted(missing)]
