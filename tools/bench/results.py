# SPDX-License-Identifier: GPL-3.0-or-later
"""What a benchmark returns: values of each round, goals as ratios, and notes.

Absolute values depend on the machine, so that only ratios between candidates of one run are compared.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Say = Callable[[str], None]
"""Prints one line of progress."""


@dataclass(frozen=True)
class Measurement:
    """The values of one candidate for one metric, one for each round.

    :param subject: what was done, for example ``HTTP/1.1, 64 connections, 1 KiB``.
    :param candidate: what did it, for example ``edge`` or ``HAProxy``.
    :param metric: name and unit, for example ``requests/s`` or ``p99 ms``.
    """

    subject: str
    candidate: str
    metric: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def least(self) -> float:
        return min(self.values)

    @property
    def most(self) -> float:
        return max(self.values)


@dataclass(frozen=True)
class Goal:
    """A ratio of two medians, and its limit.

    :param text: for example ``requests/s of the edge to those of HAProxy``.
    :param ratio: None if this run did not measure it.
    :param at_least: the limit is the smallest ratio that is allowed; otherwise, the largest.
    """

    text: str
    ratio: float | None
    limit: float
    at_least: bool

    @property
    def met(self) -> bool | None:
        if self.ratio is None:
            return None
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit


@dataclass(frozen=True)
class Section:
    """The results of one benchmark.

    :param name: heading, for example ``Traffic``.
    :param versions: names of programs and their versions.
    :param notes: what a reader must know, one sentence each.
    """

    name: str
    measurements: tuple[Measurement, ...]
    goals: tuple[Goal, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def of(self, subject: str, candidate: str, metric: str) -> Measurement | None:
        """The measurement with this key; None if this run has none."""
        return next(
            (
                one
                for one in self.measurements
                if (one.subject, one.candidate, one.metric) == (subject, candidate, metric)
            ),
            None,
        )
