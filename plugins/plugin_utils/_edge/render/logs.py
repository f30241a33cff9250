# SPDX-License-Identifier: GPL-3.0-or-later
"""The access log of a site or location: its file, its format, and the part of the requests that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..model.edge import Edge
from ..model.responses import Log

FOLDER = "/var/log/nginx"
ALL = 100


@dataclass(frozen=True, slots=True)
class Sample:
    """A percentage of the requests, and all errors: ``$edge_logged`` for that of the edge."""

    percent: int
    suffix: str

    @property
    def logged(self) -> str:
        """The variable that is 1 for requests to log."""
        return f"$edge_logged{self.suffix}"

    @property
    def sampled(self) -> str:
        """The variable that is 1 for requests of the sample."""
        return f"$edge_sampled{self.suffix}"


def _sample(edge: Edge, percent: int | None) -> Sample:
    if percent is None or percent == edge.access_log_sample:
        return Sample(edge.access_log_sample, "")
    return Sample(percent, f"_{percent}")


def edge_condition(edge: Edge) -> str:
    """The parameter of the edge's own access log; empty if it has all requests."""
    sample = _sample(edge, None)
    return "" if sample.percent == ALL else f" if={sample.logged}"


def access_log(log: Log | None, edge: Edge) -> tuple[str, ...]:
    """The directive of a site or location; empty where it logs like the block around it."""
    if log is None:
        return ()
    sample = _sample(edge, log.sample)
    name = {"json": "edge", "combined": "combined"}[log.format] + ("" if log.query else WITHOUT_QUERY)
    condition = "" if sample.percent == ALL else f" if={sample.logged}"
    return (f"access_log {FOLDER}/{log.file} {name} buffer=64k flush=1s{condition}",)


WITHOUT_QUERY = "_without_query"


def logs_of(edge: Edge) -> Iterator[Log]:
    """All logs of sites and locations."""
    return (part.log for site in edge.sites for part in site.parts if part.log)


def samples(edge: Edge, logs: Iterable[Log]) -> tuple[Sample, ...]:
    """The samples that need variables, that of the edge first."""
    found = dict.fromkeys((_sample(edge, None), *(_sample(edge, log.sample) for log in logs)))
    return tuple(one for one in found if one.percent < ALL)
