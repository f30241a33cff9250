# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of requests and connections: their zones, and how sites and streams use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..syntax.formats import Expression, Name, Network, Rate, ZoneSize
from .record import Record, Reference


@dataclass(frozen=True, slots=True)
class RateLimit(Record):
    """A zone that counts requests."""

    name: Name
    rate: Rate
    key: Expression
    zone_size: ZoneSize
    exempt: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class ConnectionLimit(Record):
    """A zone that counts connections."""

    name: Name
    key: Expression
    zone_size: ZoneSize
    exempt: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class RateLimitUse(Record):
    """The use of a rate limit by a site or location."""

    limit: Annotated[RateLimit, Reference("edge_rate_limits", option="name")]
    burst: int
    nodelay: bool | None
    delay: int | None
    dry_run: bool


@dataclass(frozen=True, slots=True)
class ConnectionLimitUse(Record):
    """The use of a connection limit by a site, location or stream."""

    limit: Annotated[ConnectionLimit, Reference("edge_connection_limits", option="name")]
    connections: int
