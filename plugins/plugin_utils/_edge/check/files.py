# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of locations that serve files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model.location import PROXY, Location
from ..model.site import Site
from ..policy.access_rules import has_own_rules
from ..policy.scripts import is_source
from ..syntax.problems import Problem

HIDDEN = re.compile(r"/\.(?!well-known(?:/|$))")
"""A file or folder whose name begins with a dot."""


def check_files(location: Location) -> Iterator[Problem]:
    """Problems of the files of one location."""
    serves_files = location.root or location.alias
    for option, given in (
        ("hidden_files", location.hidden_files),
        ("disable_symlinks", location.disable_symlinks != "if_not_owner"),
        ("index", location.index),
        ("gzip_static", location.gzip_static),
    ):
        if given and not serves_files:
            yield Problem(location.at(option), "needs root or alias in the same location")
    hidden = location.match != "regex" and HIDDEN.search(location.path)
    if serves_files and hidden and not location.hidden_files:
        reason = f"{location.path!r} is hidden, and hidden files are not served"
        yield Problem(location.at("path"), reason, "write hidden_files: true, or choose another path")
    for number, name in enumerate(location.index):
        if is_source(name) and not location.php:
            reason = "would send the source of a script as text"
            yield Problem(location.at(f"index[{number}]"), reason, "write php: {upstream: NAME} in this location")
    yield from _try_files(location)
    yield from _fallback_roots(location)
    if location.internal and location.strip_prefix and location.backend_protocol == PROXY:
        reason = "cuts the path that the client sent, and requests reach this location with another one"
        yield Problem(location.at("strip_prefix"), reason, "remove it, and send the whole path in X-Accel-Redirect")


def _try_files(location: Location) -> Iterator[Problem]:
    tried = location.try_files
    if tried and not location.root:
        yield Problem(location.at("try_files"), "needs root in the same location")
    elif len(tried) == 1 and not location.files_first:
        yield Problem(location.at("try_files"), "needs two entries or more", "add what comes last, such as =404")
    for index, entry in enumerate(tried):
        place = location.at(f"try_files[{index}]")
        if entry.startswith("=") and location.files_first:
            yield Problem(place, "is never reached, because the application comes last", "remove it")
        elif is_source(entry) and (location.files_first or index < len(tried) - 1):
            reason = "would send the source of a script as text"
            yield Problem(place, reason, "write php: {upstream: NAME, front_controller: /index.php}")
        elif is_source(entry) and location.php:
            yield Problem(place, "loses the arguments of the request", f"write front_controller: {entry} in php")


def _fallback_roots(location: Location) -> Iterator[Problem]:
    place = location.at("fallback_roots")
    if location.fallback_roots and not location.root:
        yield Problem(place, "needs root in the same location")
    elif location.fallback_roots and location.php:
        reason = "has no effect with php, which executes the scripts of one root"
        yield Problem(place, reason, "write a location without php for these files")


def _is_evaded(location: Location) -> bool:
    """Whether an expression matches scripts, and not what else executes them."""
    ends = location.path.endswith((r"$", r"\z", r"\Z"))
    return location.match == "regex" and ends and "php" in location.path.lower() and not _is_general(location)


def _is_general(location: Location) -> bool:
    """Whether a location executes every script, as in many nginx configurations, and restricts nothing."""
    limited = location.rate_limits or location.connection_limits or location.return_
    return location.php is not None and not limited and not has_own_rules(location)


def check_sources(site: Site) -> Iterator[Problem]:
    """Locations that would send the source of a script of the site, or that nothing leads to."""
    executes = any(location.php for location in site.locations)
    leads_inside = any(one.x_accel_redirect or one.try_files or one.extra_directives for one in site.locations)
    for location in site.locations:
        if executes and _is_evaded(location):
            reason = "does not match a script with a path behind it, such as /login.php/x, which is executed, too"
            yield Problem(location.at("path"), reason, "write match: exact for each script, or leave out the $")
        sends = location.root and not location.php and location.match == "exact"
        if executes and sends and is_source(location.path):
            reason = "would send the source of a script as text"
            yield Problem(location.at("path"), reason, "write php: {upstream: NAME} in this location")
        if location.internal and not (leads_inside or site.extra_directives):
            reason = "is reached by no request, because no location of the site has x_accel_redirect: true"
            yield Problem(location.at("internal"), reason, "write it where the backend sends X-Accel-Redirect")
