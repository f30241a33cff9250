# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of limits of requests and connections."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.edge import Edge
from ..model.limits import ConnectionLimit, RateLimit, RateLimitUse
from ..model.location import Location
from ..model.site import Site
from ..model.stream import Stream
from ..policy.limits import rate_limits, repeated
from ..syntax.problems import Problem
from .ranges import at_least

MOST_CONNECTIONS = 65535
"""nginx: "connection limit must be less 65536" (ngx_http_limit_conn_module)."""


def check_limits(edge: Edge) -> Iterator[Problem]:
    """Problems of the zones, and of their use in sites and streams."""
    zones: tuple[RateLimit | ConnectionLimit, ...] = (*edge.rate_limits, *edge.connection_limits)
    for zone in zones:
        if "$" not in zone.key:
            reason = f"{zone.key!r} is the same for every request"
            yield Problem(zone.at("key"), reason, "use a variable such as $edge_client")
    for site in edge.sites:
        for part in site.parts:
            yield from _rates(part)
            yield from check_connections(part)
            yield from _dry_run(site, part)
            if isinstance(part, Location) and part.return_:
                for option, value in (("rate_limits", part.rate_limits), ("connection_limits", part.connection_limits)):
                    if value:
                        reason = "has no effect, because nginx returns before it counts requests"
                        yield Problem(part.at(option), reason, "remove it")
            rate = part.limit_rate or site.limit_rate
            if part.limit_rate_after and (rate is None or int(rate.rstrip("kKmM")) == 0):
                yield Problem(part.at("limit_rate_after"), "has no effect without limit_rate", "write limit_rate")


def _rates(part: Site | Location) -> Iterator[Problem]:
    for use in part.rate_limits:
        yield from _rate(use)
    for again in repeated(part.rate_limits):
        yield Problem(again.at("name"), f"'{again.limit.name}' is listed twice", "remove one of them")


def check_connections(part: Site | Location | Stream) -> Iterator[Problem]:
    """Problems of limits of connections."""
    for use in part.connection_limits:
        yield from at_least(use, "connections", use.connections, 1, MOST_CONNECTIONS)
    for again in repeated(part.connection_limits):
        yield Problem(again.at("name"), f"'{again.limit.name}' is listed twice", "remove one of them")


def _rate(use: RateLimitUse) -> Iterator[Problem]:
    yield from at_least(use, "burst", use.burst, 0)
    yield from at_least(use, "delay", use.delay, 0)
    for option, value in (("delay", use.delay), ("nodelay", use.nodelay)):
        if value is not None and use.burst == 0:
            yield Problem(use.at(option), "has no effect without burst", f"write burst, or remove {option}")
    if use.delay is not None and use.nodelay:
        yield Problem(use.at("nodelay"), f"contradicts delay: {use.delay}", "remove one of them")
    if use.delay and 0 < use.burst <= use.delay:
        yield Problem(
            use.at("delay"), f"{use.delay} must be less than burst ({use.burst})", f"write 0 to {use.burst - 1}"
        )


def _dry_run(site: Site, part: Site | Location) -> Iterator[Problem]:
    """nginx has one setting for all limits of a location."""
    used = rate_limits(site, part if isinstance(part, Location) else None)
    if part.rate_limits and len({use.dry_run for use in used}) > 1:
        reason = "would apply to all rate limits here, those of the site included"
        place = [use.at("dry_run") for use in used if use.dry_run]
        yield Problem(place[0], reason, "write the same for all of them")
