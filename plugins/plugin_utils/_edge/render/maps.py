# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of ``edge_maps``, and the conditions under which a location refuses requests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ..model.location import Location
from ..model.maps import EdgeMap, MapValue
from ..model.site import Site
from ..syntax.paths import literal
from ..syntax.quote import quoted
from .response_headers import SPECIAL, Added, ValueMap, mapped, value_map


@dataclass(frozen=True, slots=True)
class MapView:
    """A ``map`` or ``geo`` block.

    :param head: the words before the brace.
    :param entries: pairs of a place in the model and a line.
    """

    place: str
    head: str
    entries: tuple[tuple[str, str], ...]


def view_map(one: EdgeMap) -> MapView:
    """The block of a variable."""
    head = f"geo {one.source} {one.variable}" if one.of_networks else f"map {quoted(one.source)} {one.variable}"
    entries = tuple((value.place, f"{_key(value)} {quoted(value.to)}") for value in one.values)
    return MapView(one.place, head, (*entries, (one.at("default"), f"default {quoted(one.default)}")))


def _key(value: MapValue) -> str:
    text = value.from_
    if value.match == "network":
        return text
    if value.match == "exact":
        return quoted(f"\\{text}" if text.startswith(("~", "\\")) or text.lower() in SPECIAL else text)
    return quoted(f"~^{literal(text)}" if value.match == "prefix" else f"~{text}")


def conditions(site: Site, location: Location) -> tuple[tuple[str, str], ...]:
    """Conditions and statuses of refusals: those of the site, then those of the location."""
    if location.internal:
        return ()  # the request has met those of the location that it comes from
    found = {one.map.variable: str(one.status) for one in (*site.deny_if, *location.deny_if)}
    return tuple(found.items())


def wrong_method(methods: tuple[str, ...]) -> ValueMap:
    """The variable that is set for other methods."""
    digest = hashlib.sha256(" ".join(methods).encode()).hexdigest()[:8]
    return ValueMap("$request_method", f"$edge_method_{digest}", tuple((one, "") for one in methods), "1")


def allow_header(methods: tuple[str, ...]) -> tuple[Added, ...]:
    """The header of responses with status 405, which lists the methods."""
    if not methods:
        return ()
    wrong = wrong_method(methods)
    return (mapped("Allow", value_map("Allow", wrong.variable, (("1", ", ".join(methods)),)), wrong),)
