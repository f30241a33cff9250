# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of access rules: user lists, basic_auth, auth_request, allow and deny."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.access import AuthRequest, User
from ..model.location import Location
from ..model.site import Site
from ..policy.access_rules import conflict_below, has_own_rules, is_protected, regexes_below, rules_of_site
from ..policy.effective import FORWARDED_NAMES
from ..read.reader import Reading
from ..syntax.problems import Problem, is_within

RESERVED_HEADERS = FORWARDED_NAMES | {
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "te",
    "transfer-encoding",
    "upgrade",
}
"""Headers to backends that the edge itself decides on."""
UNAUTHORIZED = 401
REFUSALS = 400
"""The lowest status of an answer that serves nothing."""


def check_access(reading: Reading) -> Iterator[Problem]:
    """Problems of access control."""
    edge = reading.edge
    for users in edge.user_lists:
        if not users.users and not any(is_within(problem.path, users.at("users")) for problem in reading.problems):
            yield Problem(users.at("users"), "is empty", "add a user, or remove the list")
        seen: dict[str, str] = {}
        for user in users.users:
            yield from _user(user)
            if user.name in seen:
                yield Problem(user.at("name"), f"'{user.name}' is already taken by {seen[user.name]}")
            seen[user.name] = user.at("name")
    for site in edge.sites:
        yield from _headers(site.auth_request)
        yield from _sign_in(site, site)
        for location in site.locations:
            yield from _headers(location.auth_request)
            yield from _sign_in(location, site)
            yield from _location(location, site)


def _user(user: User) -> Iterator[Problem]:
    if bool(user.password) == bool(user.password_hash):
        reason = "has a password and a password_hash" if user.password else "has neither password nor password_hash"
        yield Problem(user.place, reason, "write exactly one of password, password_hash")


def _headers(auth: AuthRequest | None) -> Iterator[Problem]:
    seen = set()
    for index, name in enumerate(auth.headers if auth else ()):
        place = auth.at(f"headers[{index}]") if auth else ""
        if name.lower() in RESERVED_HEADERS:
            yield Problem(place, f"{name} is set by the edge", "choose another name, such as X-Auth-User")
        if name.lower() in seen:
            yield Problem(place, f"{name} is listed twice", "write it once")
        seen.add(name.lower())


def _sign_in(part: Site | Location, site: Site) -> Iterator[Problem]:
    """nginx has one page for all responses with status 401 of a block."""
    auth = part.auth_request
    outer = site.auth_request
    if auth is None and part.basic_auth and outer and outer.sign_in:
        reason = "a wrong password would lead to the sign-in page of the site"
        yield Problem(part.at("basic_auth"), reason, "remove basic_auth, or write auth_request in this location, too")
    if auth is None or auth.sign_in is None:
        return
    if part.basic_auth or site.basic_auth:
        reason = "would also follow a wrong password of basic_auth"
        yield Problem(auth.at("sign_in"), reason, "remove one of them")
    for page in dict.fromkeys((*part.error_pages, *site.error_pages)):
        if UNAUTHORIZED in page.status:
            yield Problem(auth.at("sign_in"), f"contradicts {page.place}, which has status 401", "remove one of them")


def _location(location: Location, site: Site) -> Iterator[Problem]:
    if location.public and has_own_rules(location):
        reason = "serves everyone, but the location also has access rules"
        yield Problem(location.at("public"), reason, "remove one of them")
    asked = not location.public and (location.auth_request or site.auth_request)
    if location.cache and asked:
        reason = "a response for one user would be served to others"
        yield Problem(location.at("cache"), reason, "remove auth_request or the cache, or write public: true")
    if location.cache and site.client_certificates and site.client_certificates.required:
        reason = "every request carries a client certificate, so nothing is cached"
        yield Problem(location.at("cache"), reason, "remove the cache, or client_certificates of the site")
    guarded = not location.public and (has_own_rules(location) or rules_of_site(site).restrict)
    if location.return_ and guarded:
        reason = "nginx returns before it checks the access rules"
        remedy = "serve this from root or upstream, or write public: true in the location"
        yield Problem(location.at("return"), reason, remedy)
    if is_protected(site, location):
        yield from _below(location, site)


def _below(prefix: Location, site: Site) -> Iterator[Problem]:
    """The rules of a prefix hold for the regular expressions that match below it, too."""
    for regex in regexes_below(site, prefix):
        where = regex.at("path")
        remedy = f"begin the expression with another path than {prefix.path}, such as ^/other/"
        if conflict := conflict_below(site, prefix, regex):
            yield Problem(where, f"also matches below {prefix.path}, and {conflict}", remedy)
        elif regex.return_ and regex.return_.status < REFUSALS and not (prefix.public or prefix.internal):
            reason = f"also matches below {prefix.path}, and nginx returns before it checks the access rules there"
            yield Problem(where, reason, remedy)
