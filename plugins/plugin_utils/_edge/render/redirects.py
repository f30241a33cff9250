# SPDX-License-Identifier: GPL-3.0-or-later
"""Redirects of a site: maps from the path to status and target, and one ``return`` for each status.

The path is the one that the client sent (``$request_uri``): nginx decodes ``$uri``, and a decoded line break in a
target would begin a header of the response.

A map finds an exact path in a hash, without regard to case, and then tries no pattern. Therefore, exact paths and
patterns have separate maps. The result of an exact path begins with the path, and one more map compares both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..model.edge import Edge
from ..model.redirect import Redirect
from ..model.site import Site
from ..syntax.paths import encoded, literal
from ..syntax.quote import quoted

PATH = "$edge_path"
"""The path that the client sent, without the query."""
CHALLENGES = r"~^/\.well-known/acme-challenge/"
_LOCAL = r"(?<edge_target>/(?![/\\])\S*)"
"""A path. A browser would take a path that begins with two slashes for a host."""
_ANY_URL = r"(?<edge_target>\S+)"
"""A URL, whose host is always the one of the model."""


@dataclass(frozen=True, slots=True)
class RedirectEntry:
    """A line of the map: its place in the model, the source and the result."""

    place: str
    source: str
    result: str


@dataclass(frozen=True, slots=True)
class RedirectsView:
    """The redirects of a site. An exact path comes before all patterns.

    :param found: the variable of the map of exact paths.
    :param pattern: the variable of the map of patterns, such as ``301 path /new``.
    :param variable: the variable of the result, in the same form: ``pattern`` if there are no exact paths.
    :param conditions: pairs of a status and the condition of its ``return``.
    """

    found: str
    pattern: str
    variable: str
    paths: tuple[RedirectEntry, ...]
    patterns: tuple[RedirectEntry, ...]
    conditions: tuple[tuple[int, str], ...]


def view_redirects(site: Site) -> RedirectsView | None:
    """The redirects; None if the site has none."""
    if not site.redirects or site.maintenance:
        return None
    digest = hashlib.sha256(site.name.encode()).hexdigest()[:8]
    paths = [_entry(one) for one in site.redirects if one.match == "exact"]
    patterns = [_entry(one) for one in site.redirects if one.match != "exact"]
    if patterns and (not site.https or site.has_plain_locations):
        patterns.insert(0, RedirectEntry(site.place, quoted(CHALLENGES), "''"))
    pattern = f"$edge_pattern_{digest}"
    variable = f"$edge_redirect_{digest}" if paths else pattern
    kinds = dict.fromkeys((one.status, one.is_local) for one in site.redirects)
    return RedirectsView(
        found=f"$edge_found_{digest}",
        pattern=pattern,
        variable=variable,
        paths=tuple(paths),
        patterns=tuple(patterns),
        conditions=tuple((status, f"{variable} ~ {quoted(_condition(status, local))}") for status, local in kinds),
    )


def _entry(redirect: Redirect) -> RedirectEntry:
    return RedirectEntry(redirect.place, quoted(_source(redirect)), quoted(_result(redirect)))


def _condition(status: int, local: bool) -> str:
    return f"^{status} path {_LOCAL}$" if local else f"^{status} url {_ANY_URL}$"


def mapped(edge: Edge) -> Iterator[list[str]]:
    """The exact paths and values of each map, which nginx keeps in a hash."""
    for site in edge.sites:
        yield [encoded(one.from_) for one in site.redirects if one.match == "exact"]
    for one in edge.maps:
        yield [value.from_ for value in one.values if value.match == "exact"]


def variables_of_redirects(views: Iterable[RedirectsView | None]) -> Iterator[str]:
    """The variables of the maps of all sites."""
    return (name for view in views if view for name in (view.found, view.pattern, view.variable))


def _source(redirect: Redirect) -> str:
    if redirect.match == "exact":
        return encoded(redirect.from_)
    if redirect.match == "prefix":
        return f"~^{literal(encoded(redirect.from_))}(.*)$"
    return f"~{redirect.from_}"


def _result(redirect: Redirect) -> str:
    target, mark, fragment = redirect.to.partition("#")
    path, question, query = target.partition("?")
    if redirect.match == "prefix":
        path += "$1"
    query = f"?{query}" if question else "$is_args$args"
    compared = f"{encoded(redirect.from_)} " if redirect.match == "exact" else ""
    kind = "path" if redirect.is_local else "url"
    return f"{compared}{redirect.status} {kind} {path}{query}{mark}{fragment}"
