# SPDX-License-Identifier: GPL-3.0-or-later
"""The upstream of a location, which a variable of ``edge_maps`` may choose: always one of the model."""

from __future__ import annotations

import hashlib

from ..model.location import Location
from ..model.upstream import Upstream
from .response_headers import ValueMap


def upstream_choice(location: Location) -> ValueMap | None:
    """The variable with the name of the upstream; None without ``upstream_map``.

    A value that names no upstream of the model chooses ``upstream``, so no request can name another server.
    """
    if location.upstream_map is None or location.upstream is None:
        return None
    names = location.mapped_upstreams
    source = location.upstream_map.variable
    digest = hashlib.sha256(" ".join((source, location.upstream.name, *names)).encode()).hexdigest()[:8]
    entries = tuple((name, name) for name in names)
    return ValueMap(source, f"$edge_upstream_{digest}", entries, location.upstream.name)


def upstream_name(location: Location, upstream: Upstream) -> str:
    """The name or the variable to pass requests to."""
    choice = upstream_choice(location)
    return choice.variable if choice else upstream.name
