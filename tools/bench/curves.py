# SPDX-License-Identifier: GPL-3.0-or-later
"""Which measurements belong to one curve, and names of plots; without matplotlib."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .results import Measurement

COUNTED = re.compile(r"\b(\d{1,3}(?:,\d{3})+|\d+) (site|host)s?\b")
LEAST_POINTS = 3
"""Fewer points make no curve."""


def slug(text: str) -> str:
    """A text as the name of a file."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def curves(measurements: Sequence[Measurement]) -> dict[str, dict[str, list[tuple[int, Measurement]]]]:
    """Subject without its number -> candidate -> points, for subjects with at least three numbers."""
    found: dict[str, dict[str, list[tuple[int, Measurement]]]] = {}
    for one in measurements:
        if match := COUNTED.search(one.subject):
            rest = COUNTED.sub(f"{match[2]}s", one.subject, count=1)
            point = (int(match[1].replace(",", "")), one)
            found.setdefault(rest, {}).setdefault(one.candidate, []).append(point)
    return {
        rest: candidates
        for rest, candidates in found.items()
        if len({count for points in candidates.values() for count, _one in points}) >= LEAST_POINTS
    }
