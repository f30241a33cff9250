# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of one location, and of the combinations of its options."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.cache import CacheUse
from ..model.location import Location, Return
from ..syntax import formats
from ..syntax.paths import normal_path, wrong_structure
from ..syntax.problems import Problem, invalid
from .backend import check_backend
from .files import check_files
from .groups import check_groups
from .ranges import at_least

STATUS_CODES = range(200, 600)
TEXT = "text/plain"
REDIRECTS = (301, 302, 303, 307, 308)


def check_location(location: Location) -> Iterator[Problem]:
    """Problems of one location on its own."""
    place = location.place
    actions = {
        "upstream": location.upstream,
        "return": location.return_,
        "root": location.root,
        "alias": location.alias,
    }
    chosen = [name for name, value in actions.items() if value]
    if len(chosen) != 1 and chosen != ["upstream", "root"] and (chosen or not location.php):
        reason = f"has {' and '.join(chosen)}" if chosen else "does nothing"
        yield Problem(place, reason, "write exactly one of upstream, return, root, alias")
    if location.alias and not (location.is_prefix and location.path.endswith("/") and location.alias.endswith("/")):
        reason = "an alias whose path or folder does not end with / lets requests out of the folder"
        yield Problem(location.at("alias"), reason, "end both with /, and match by prefix")
    yield from _path(location)
    yield from check_files(location)
    yield from check_backend(location)
    if location.cache:
        yield from _cache_use(location.cache)
    if location.return_:
        yield from _return(location.return_)


def _path(location: Location) -> Iterator[Problem]:
    place = location.at("path")
    if location.match == "regex":
        if reason := wrong_structure(location.path):
            yield Problem(place, f"is not a regular expression: {reason}")
        yield from check_groups(place, location.path)
    elif not formats.LOCATION_PATH.fits(location.path):
        yield Problem(place, invalid(location.path), f"expected {formats.LOCATION_PATH.words}")
    elif (compared := normal_path(location.path)) != location.path:
        reason = f"{location.path!r} never matches, because nginx compares the decoded and simplified path"
        yield Problem(place, reason, f"write {compared}")
    if location.strip_prefix and not location.is_prefix:
        reason = f"nginx has no prefix to strip with match: {location.match}"
        yield Problem(location.at("strip_prefix"), reason)
    elif location.strip_prefix and not location.path.endswith("/"):
        yield Problem(place, "must end with / when strip_prefix is true", f"write {location.path}/")


def _cache_use(cache: CacheUse) -> Iterator[Problem]:
    yield from at_least(cache, "min_uses", cache.min_uses, 1)
    if cache.session_cookies and cache.ignore_cookies:
        reason = "has no effect next to session_cookies, which name the only cookies that matter"
        yield Problem(cache.at("ignore_cookies"), reason, "remove one of them")
    for valid in cache.valid:
        for index, status in enumerate(valid.status):
            yield from _status(valid.at(f"status[{index}]"), status)


def _return(answer: Return) -> Iterator[Problem]:
    yield from _status(answer.at("status"), answer.status)
    if answer.status in REDIRECTS and not answer.url:
        yield Problem(answer.at("url"), f"required with status {answer.status}", "write url")
    if answer.url and answer.status not in REDIRECTS:
        listed = ", ".join(map(str, REDIRECTS))
        yield Problem(answer.at("url"), f"has no effect with status {answer.status}", f"a redirect has one of {listed}")
    if answer.type != TEXT and answer.text is None:
        yield Problem(answer.at("type"), "has no effect without text", "write text, or remove type")
    if answer.url and answer.text:
        yield Problem(answer.at("text"), "a redirect has no text")


def _status(place: str, status: int) -> Iterator[Problem]:
    if status not in STATUS_CODES:
        yield Problem(place, f"{status} is not a status code of a response", "write 200 to 599")
