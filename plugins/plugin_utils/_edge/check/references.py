# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that refer to other parts of the model must exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..model.edge import Edge
from ..model.location import Location
from ..model.site import Site
from ..syntax.formats import NAME
from ..syntax.problems import Problem, did_you_mean

Reference = tuple[str, str, str]
"""Place, the name there, and the variable that should have it."""


def check_references(edge: Edge, names: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    """Problems of references.

    :param names: all names by variable, those of records with other problems included.
    """
    for place, name, variable in _references(edge):
        known = names[variable]
        if name not in known:
            sound = sorted(one for one in known if NAME.fits(one))  # a wrong one may hold a line break
            listed = f" ({', '.join(sound)})" if sound else "" if known else ", which is empty"
            yield Problem(place, f"'{name}' is not in {variable}{listed}", did_you_mean(name, sound) or "add it there")


def _references(edge: Edge) -> Iterator[Reference]:
    for site in edge.sites:
        if site.certificate:
            yield site.at("certificate"), site.certificate, "edge_certificates"
        yield from _access(site)
        for location in site.locations:
            yield from _location(location)
    for stream in edge.streams:
        for place, name in stream.upstreams:
            yield place, name, "edge_upstreams"
        if stream.connection_limit:
            yield stream.connection_limit.at("name"), stream.connection_limit.name, "edge_connection_limits"


def _access(owner: Site | Location) -> Iterator[Reference]:
    if owner.basic_auth:
        yield owner.basic_auth.at("users"), owner.basic_auth.users, "edge_user_lists"
    if owner.auth_request:
        yield owner.auth_request.at("upstream"), owner.auth_request.upstream, "edge_upstreams"


def _location(location: Location) -> Iterator[Reference]:
    if location.upstream:
        yield location.at("upstream"), location.upstream, "edge_upstreams"
    if location.rate_limit:
        yield location.rate_limit.at("name"), location.rate_limit.name, "edge_rate_limits"
    if location.connection_limit:
        yield location.connection_limit.at("name"), location.connection_limit.name, "edge_connection_limits"
    if location.cache:
        yield location.cache.at("name"), location.cache.name, "edge_caches"
    yield from _access(location)
