# SPDX-License-Identifier: GPL-3.0-or-later
"""Guarantees that a model lifts on purpose: a run names each of them once."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.edge import Edge
from ..model.location import Location
from ..model.site import Site
from ..syntax.problems import Problem, inside


def lifted(edge: Edge) -> Iterator[Problem]:
    """Everything that the model allows although the edge rejects it by default."""
    yield from _headers(edge, "edge_")
    for upstream in edge.upstreams:
        if upstream.tls and not upstream.tls.verify:
            yield Problem(upstream.tls.at("verify"), "the certificates of these backends are not verified")
    for site in edge.sites:
        yield from _headers(site, "")
        for location in site.locations:
            yield from _headers(location, "")
            yield from _location(location)


def _headers(level: Edge | Site | Location, prefix: str) -> Iterator[Problem]:
    for name in level.pass_request_headers:
        place = inside(level.place, f"{prefix}pass_request_headers")
        yield Problem(place, f"clients can send {name} to the backends")
    for name, value in level.security_headers.items():
        if not value:
            yield Problem(inside(level.place, f"{prefix}security_headers"), f"the edge does not add {name}")


def _location(location: Location) -> Iterator[Problem]:
    if location.hidden_files:
        yield Problem(location.at("hidden_files"), "files whose name begins with a dot are served")
    if location.disable_symlinks == "off":
        yield Problem(location.at("disable_symlinks"), "symbolic links to any file are followed")
    if location.php and not location.php.no_scripts and not location.php.scripts:
        yield Problem(location.php.at("no_scripts"), "scripts in folders for uploads are executed")
    if location.x_accel_redirect:
        yield Problem(location.at("x_accel_redirect"), "the backend can serve internal locations of the site")
