# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of numbers."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.record import Record
from ..syntax.problems import Problem

LARGEST = 1_000_000_000


def at_least(record: Record, option: str, value: int | None, least: int, most: int = LARGEST) -> Iterator[Problem]:
    """A problem where a number is too small or too large; an option that is not given has none."""
    if value is None:
        return
    if value < least:
        yield Problem(record.at(option), f"{value} is too small", f"write at least {least}")
    if value > most:
        yield Problem(record.at(option), f"{value} is too large", f"write at most {most}")
