# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of a location: those of its site, and its own.

nginx drops all inherited limits in a block that has one itself, so each block has the complete list.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model.limits import ConnectionLimitUse, RateLimitUse
from ..model.location import Location
from ..model.site import Site


def rate_limits(site: Site, location: Location | None = None) -> tuple[RateLimitUse, ...]:
    """The rate limits of a location, or of paths without one; of two with the same zone, the location's applies."""
    used = (*site.rate_limits, *(location.rate_limits if location else ()))
    return tuple({use.limit.name: use for use in used}.values())


def connection_limits(site: Site, location: Location | None = None) -> tuple[ConnectionLimitUse, ...]:
    """Likewise for limits of connections."""
    used = (*site.connection_limits, *(location.connection_limits if location else ()))
    return tuple({use.limit.name: use for use in used}.values())


def repeated(used: Sequence[RateLimitUse | ConnectionLimitUse]) -> tuple[RateLimitUse | ConnectionLimitUse, ...]:
    """The limits of one list whose zone an earlier one has."""
    names = [use.limit.name for use in used]
    return tuple(use for index, use in enumerate(used) if names[index] in names[:index])
