# SPDX-License-Identifier: GPL-3.0-or-later
"""Redirects of a site: one map from the path to status and target, and one ``return`` for each status.

The path is the one that the client sent (``$request_uri``): nginx decodes ``$uri``, and a decoded line break in a
target would begin a header of the response.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ..model.redirect import Redirect
from ..model.site import Site
from ..syntax.paths import encoded, literal
from ..syntax.quote import quoted

PATH = "$edge_path"
"""The path that the client sent, without the query."""
_LONGEST_IN_128_BYTES = 100
"""Bytes of a path for which an entry fits into a bucket of 128 bytes of nginx's hash of maps."""
TARGET = r"(?<edge_target>(?:https?://|/(?![/\\]))\S*)"
"""A target. A browser would take a path that begins with two slashes for a host."""


@dataclass(frozen=True)
class RedirectEntry:
    """A line of the map: its place in the model, the source and the result."""

    place: str
    source: str
    result: str


@dataclass(frozen=True)
class RedirectsView:
    """The redirects of a site.

    :param variable: the result of the map, such as ``301 /new``.
    :param conditions: status -> the condition of its ``return``.
    """

    variable: str
    entries: tuple[RedirectEntry, ...]
    conditions: tuple[tuple[int, str], ...]


def view_redirects(site: Site) -> RedirectsView | None:
    """The redirects; None if the site has none."""
    if not site.redirects or site.maintenance:
        return None
    variable = f"$edge_redirect_{hashlib.sha256(site.name.encode()).hexdigest()[:8]}"
    statuses = tuple(dict.fromkeys(one.status for one in site.redirects))
    return RedirectsView(
        variable=variable,
        entries=tuple(RedirectEntry(one.place, quoted(_source(one)), quoted(_result(one))) for one in site.redirects),
        conditions=tuple((status, f"{variable} ~ {quoted(f'^{status} {TARGET}$')}") for status in statuses),
    )


def needs_large_buckets(site: Site) -> bool:
    """Whether a path is too long for the usual buckets of nginx's hash of maps."""
    return any(one.match == "exact" and len(encoded(one.from_)) > _LONGEST_IN_128_BYTES for one in site.redirects)


def _source(redirect: Redirect) -> str:
    if redirect.match == "exact":
        # A text that begins with ~ would be an expression.
        return encoded(redirect.from_)
    if redirect.match == "prefix":
        return f"~^{literal(encoded(redirect.from_))}(.*)$"
    return f"~{redirect.from_}"


def _result(redirect: Redirect) -> str:
    target, mark, fragment = redirect.to.partition("#")
    if redirect.match == "prefix":
        target += "$1"
    query = "" if "?" in target else "$is_args$args"
    return f"{redirect.status} {target}{query}{mark}{fragment}"
