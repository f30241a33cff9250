# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as aligned text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .record import Part, Record
from .results import Goal, Measurement, Section

OWN = "edge"
"""The candidate that the others are compared with."""
MANY = 100
FEW = 1


def number(value: float) -> str:
    """A value with about three significant digits."""
    if abs(value) >= MANY:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= FEW or not value else f"{value:.3g}"


def spread(one: Measurement) -> str:
    """Least and most over the rounds; empty after a single round."""
    return f"{number(one.least)} to {number(one.most)}" if len(one.values) > 1 else ""


def ratio(section: Section, one: Measurement) -> float | None:
    """The median of the edge divided by the median of a candidate; None for the edge, and if one of them is 0."""
    own = section.of(one.subject, OWN, one.metric)
    if own is None or one.candidate == OWN or not one.median:
        return None
    return own.median / one.median


def groups(section: Section) -> Iterator[tuple[str, str, list[Measurement]]]:
    """Subject, metric and the measurements of its candidates, in the order in which they were measured."""
    for subject, metric in dict.fromkeys((one.subject, one.metric) for one in section.measurements):
        yield subject, metric, [one for one in section.measurements if (one.subject, one.metric) == (subject, metric)]


def verdict(goal: Goal) -> str:
    """``met``, ``missed`` or ``not measured``."""
    return {True: "met", False: "missed", None: "not measured"}[goal.met]


def limit(goal: Goal) -> str:
    """The limit of a goal in words."""
    return f"{'at least' if goal.at_least else 'at most'} {number(goal.limit)}"


def table(record: Record) -> str:
    """All measurements, then all goals, then the modules without a result."""
    lines = [line for part in record.parts for line in _part(part)]
    goals = [goal for part in record.parts for goal in part.section.goals]
    if goals:
        lines += ["", "Goals", *_goals(goals)]
    lines += [f"{module} has no result: {reason}" for module, reason in record.failures.items()]
    return "\n".join(lines)


def _part(part: Part) -> Iterator[str]:
    section = part.section
    yield ""
    yield f"{section.name}{' (quick)' if part.quick else ''}"
    for subject, metric, measurements in groups(section):
        yield f"  {subject}: {metric}"
        rows = [(one.candidate, number(one.median), spread(one), _ratio(section, one)) for one in measurements]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for candidate, median, between, relative in rows:
            line = f"    {candidate:<{widths[0]}}  {median:>{widths[1]}}  {between:<{widths[2]}}  {relative}"
            yield line.rstrip()
    yield from (f"  {note}" for note in section.notes)
    yield f"  Other load on the machine: {part.load_before:.0%} of a core before, {part.load_after:.0%} after."


def _ratio(section: Section, one: Measurement) -> str:
    found = ratio(section, one)
    return "" if found is None else f"{OWN}: {number(found)} x"


def _goals(goals: Sequence[Goal]) -> Iterator[str]:
    limits = max(len(limit(goal)) for goal in goals)
    for goal in goals:
        measured = "" if goal.ratio is None else number(goal.ratio)
        yield f"  {verdict(goal):<12}  {measured:>8}  {limit(goal):<{limits}}  {goal.text}"
