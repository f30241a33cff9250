# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the redirects of a site."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
import warnings
from collections.abc import Iterator, Sequence

from ..model.location import Location
from ..model.redirect import Redirect
from ..model.site import Site
from ..policy.access_rules import has_own_rules, may_match_below
from ..syntax import formats
from ..syntax.paths import encoded, normal_path, wrong_structure
from ..syntax.problems import Problem, invalid
from .groups import check_groups
from .location import REDIRECTS

ACME_CHALLENGES = "/.well-known/acme-challenge/"
_GROUP = re.compile(r"\$(?:\{(?P<braces>\w+)\}|(?P<number>[1-9])|(?P<name>[A-Za-z_]\w*))", re.ASCII)
_URL = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#:]+)(?::(?P<port>\d+))?(?P<path>/.*)?")
_SLASHES_OF_URL = 3
"""Slashes of a URL with a path."""
_SLOW = re.compile(r"[+*}]\)[+*{]")
"""Nested repetitions, with which Python may take very long."""
_SAMPLES = ("x", "1", "a/b", "/x")
"""Values of groups with which loops are looked for."""
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_LONGEST = 8192
"""Characters of a path with which a loop is no longer followed: a loop may make the path longer at each step."""
OF_SITES = (301, 302, 307, 308)
"""Statuses of redirects to another scheme or host: 303 would always make a GET."""


def check_redirects(site: Site) -> Iterator[Problem]:
    """Problems of a site's redirects."""
    if site.redirect_status not in OF_SITES:
        reason = f"{site.redirect_status} is not the status of such a redirect"
        yield Problem(site.at("redirect_status"), reason, f"write one of {', '.join(map(str, OF_SITES))}")
    if site.redirect_aliases and not site.aliases:
        yield Problem(site.at("redirect_aliases"), "needs aliases", "write aliases, or remove it")
    if site.redirect_aliases and site.name.startswith("*."):
        reason = f"{site.name} is not the name of a host"
        yield Problem(site.at("redirect_aliases"), reason, "write another name, and add the wildcard to aliases")
    taken: dict[tuple[str, str], str] = {}
    sound: list[Redirect] = []
    for redirect in site.redirects:
        wrong = [*_redirect(redirect)] or [*_public(redirect, site)]
        key = (redirect.match, _compared(redirect))
        if key in taken:
            wrong.append(Problem(redirect.at("from"), f"is already redirected by {taken[key]}", "remove one of them"))
        taken.setdefault(key, redirect.place.rpartition(".")[2])
        yield from wrong
        if not wrong:
            sound.append(redirect)
    yield from _loops([_on_this_site(one, site) for one in sound])


def _compared(redirect: Redirect) -> str:
    """What nginx compares with the path; it ignores the case of exact paths when it looks them up."""
    if redirect.match == "regex":
        return redirect.from_
    path = encoded(redirect.from_)
    return path.lower() if redirect.match == "exact" else path


def _redirect(redirect: Redirect) -> Iterator[Problem]:
    place = redirect.at("from")
    if redirect.status not in REDIRECTS:
        reason = f"{redirect.status} is not the status of a redirect"
        yield Problem(redirect.at("status"), reason, f"write one of {', '.join(map(str, REDIRECTS))}")
    if redirect.match == "regex":
        if not redirect.from_:
            yield Problem(place, "is empty, and would redirect all paths", "write a regular expression")
            return
        if reason := wrong_structure(redirect.from_):
            yield Problem(place, f"is not a regular expression: {reason}")
            return
        yield from check_groups(place, redirect.from_)
    elif not formats.LOCATION_PATH.fits(redirect.from_):
        yield Problem(place, invalid(redirect.from_), f"expected {formats.LOCATION_PATH.words}")
    elif "?" in redirect.from_ or "#" in redirect.from_:
        yield Problem(place, "has a query, and redirects compare paths only", f"write {normal_path(redirect.from_)}")
    elif redirect.from_.startswith(ACME_CHALLENGES):
        yield Problem(place, "is the path of the challenges of the ACME server", "write another path")
    yield from _to(redirect)
    yield from _groups(redirect)


def _to(redirect: Redirect) -> Iterator[Problem]:
    place, path = redirect.at("to"), redirect.path
    if redirect.is_local and path.startswith("//"):
        yield Problem(place, "begins with two slashes, which clients take for a host", f"write https:{redirect.to}")
    elif redirect.match == "prefix" and not redirect.is_local and path.count("/") < _SLASHES_OF_URL:
        yield Problem(place, "the rest of the path would become a part of the host", f"write {redirect.to}/")
    elif redirect.match == "prefix" and redirect.from_.endswith("/") != path.endswith("/"):
        yield Problem(place, "the rest of the path is appended to it", "end from and to with /, or neither")


def _public(redirect: Redirect, site: Site) -> Iterator[Problem]:
    if not redirect.public and (_refuses(site) or any(_may_be_in(redirect, one) for one in site.locations)):
        reason = "nginx redirects before it checks the access rules and deny_if for this path"
        yield Problem(redirect.at("public"), reason, "write public: true to redirect all clients")


def _refuses(owner: Site | Location) -> bool:
    return has_own_rules(owner) or bool(owner.deny_if)


def _may_be_in(redirect: Redirect, location: Location) -> bool:
    """Whether a redirect may take requests away from a location that refuses some of them."""
    if not _refuses(location):
        return False
    if location.match == "regex":
        return True
    if redirect.match == "regex":
        return any(may_match_below(path, redirect.from_) for path in (location.path, encoded(location.path)))
    path = normal_path(redirect.from_)
    if redirect.match == "prefix" and location.path.startswith(path):
        return True
    return path == location.path or (location.is_prefix and path.startswith(location.path))


def _groups(redirect: Redirect) -> Iterator[Problem]:
    place = redirect.at("to")
    used = [_name(one) for one in _GROUP.finditer(redirect.to)]
    if used and redirect.match != "regex":
        reason = f"has ${used[0]}, and only a regular expression has groups"
        yield Problem(place, reason, "write match: regex, or a target without $")
        return
    expression = _compiled(redirect)
    known = {*expression.groupindex, *map(str, range(1, expression.groups + 1))} if expression else {*used}
    for name in dict.fromkeys(used):
        if name not in known:
            groups = ", ".join(f"${one}" for one in sorted(known)) or "none"
            yield Problem(place, f"${name} is not a group of the regular expression", f"its groups are: {groups}")


def _name(found: re.Match[str]) -> str:
    return found["braces"] or found["number"] or found["name"]


def _compiled(redirect: Redirect) -> re.Pattern[str] | None:
    """The expression of a prefix or of a regular expression in Python's syntax; None if only PCRE can read it."""
    if redirect.match == "prefix":
        return re.compile(f"^{re.escape(encoded(redirect.from_))}(.*)$")
    if _SLOW.search(redirect.from_):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", redirect.from_))
    except (re.error, OverflowError, RecursionError):
        return None


def _on_this_site(redirect: Redirect, site: Site) -> Redirect:
    """The redirect with a path as target if its URL certainly leads to the same site."""
    url = _URL.fullmatch(redirect.to)
    if url is None or url["host"].lower() not in site.names:
        return redirect
    if url["port"] not in (None, _DEFAULT_PORTS[url["scheme"]]):
        return redirect
    if url["scheme"] == "https" and not site.https:
        return redirect
    return dataclasses.replace(redirect, to=url["path"] or "/")


def _loops(redirects: Sequence[Redirect]) -> Iterator[Problem]:
    """Follow each redirect on the same site, with samples for its groups, until no other one applies."""
    exact = {encoded(one.from_): one for one in redirects if one.match == "exact"}
    compiled = ((one, _compiled(one)) for one in redirects if one.match != "exact")
    others = [(one, expression) for one, expression in compiled if expression is not None]
    for redirect in redirects:
        for sample in _SAMPLES if redirect.match != "exact" else ("",):
            seen = _followed(redirect, sample, exact, others)
            if seen:
                yield Problem(redirect.place, f"is a loop: {' -> '.join(seen)}", "change one of these redirects")
                break


def _followed(
    redirect: Redirect, sample: str, exact: dict[str, Redirect], others: list[tuple[Redirect, re.Pattern[str]]]
) -> list[str]:
    """The paths of a loop; empty if there is none."""
    seen = [redirect.from_ if redirect.match == "regex" else encoded(redirect.from_)]
    path = _target(redirect, sample) if redirect.is_local else None
    for _step in range(len(exact) + len(others) + 2):
        if path is None:
            return []
        path = urllib.parse.urljoin("/", encoded(path))  # clients resolve . and .. before they send a path
        seen.append(path)
        if len(path) > _LONGEST:
            return seen[:5]
        if path in exact:
            following, match = exact[path], None
        else:
            found = next(((one, match) for one, pattern in others if (match := pattern.search(path))), None)
            if found is None:
                return []
            following, match = found
        if following is redirect or path in seen[:-1]:
            return seen[:5]
        path = _next(following, match)
    return seen[:5]


def _target(redirect: Redirect, sample: str) -> str:
    return redirect.path + sample if redirect.match == "prefix" else _GROUP.sub(sample, redirect.path)


def _next(redirect: Redirect, match: re.Match[str] | None) -> str | None:
    if not redirect.is_local:
        return None
    path = redirect.path
    if match is None:
        return path
    if redirect.match == "prefix":
        return path + match[1]
    return _GROUP.sub(lambda one: _group(match, _name(one)), path)


def _group(match: re.Match[str], name: str) -> str:
    return match[int(name) if name.isdigit() else name] or ""
