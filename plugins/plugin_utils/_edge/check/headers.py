# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of headers to backends and to clients."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ..model.edge import Edge
from ..model.location import Location
from ..model.site import Site
from ..policy.dropped_headers import DROPPED_LOWER
from ..policy.effective import FORWARDED_NAMES, chosen_by_clients
from ..policy.response_headers import ResponsePolicy, edge_policy
from ..syntax.problems import Problem, inside
from .groups import unsafe_groups

OF_CONNECTIONS = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "te",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers of one connection, in requests and in responses."""
OF_RESPONSES = frozenset(
    {*OF_CONNECTIONS, "alt-svc", "content-encoding", "content-type", "date", "location", "server", "trailer"}
)
"""Headers that nginx or the edge writes into responses; another one would come second."""

Level = Edge | Site | Location


_DECODED = re.compile(r"\$\{?(?:uri|document_uri|request_filename|document_root|realpath_root|fastcgi_\w+)\b", re.ASCII)
"""Variables that hold the decoded path."""
_NAME = re.compile(r"\$\{?([A-Za-z_]\w*)", re.ASCII)


def check_decoded(edge: Edge) -> Iterator[Problem]:
    """Groups of the decoded path in headers: a line break in the path would begin another header."""
    paths = [location.path for site in edge.sites for location in site.locations if location.match == "regex"]
    paths += [rule.pattern for site in edge.sites for part in site.parts for rule in part.expires if rule.pattern]
    paths += [value.from_ for one in edge.maps if _DECODED.search(one.source) for value in one.values]
    unsafe = {name for path in paths for name in unsafe_groups(path)}
    for place, value in _values(edge) if unsafe else ():
        for name in unsafe & {*_NAME.findall(value)}:
            reason = f"${name} is a part of the decoded path, and a line break in it would begin another header"
            yield Problem(place, reason, f"let the group match letters, digits, _ and - only: (?<{name}>[a-z0-9-]+)")


def _values(edge: Edge) -> Iterator[tuple[str, str]]:
    parts: list[Edge | Site | Location] = [edge, *(part for site in edge.sites for part in site.parts)]
    for part in parts:
        prefix = "edge_" if isinstance(part, Edge) else ""
        named = {f"{prefix}request_headers": part.request_headers}
        named |= {f"{prefix}response_headers.{kind}": getattr(part.response_headers, kind) for kind in ("set", "add")}
        named |= {"parameters": part.parameters} if isinstance(part, Location) else {}
        for option, values in named.items():
            place = option if isinstance(part, Edge) else part.at(option)
            yield from ((f"{place}.{name}", value) for name, value in values.items())


def check_headers(edge: Edge) -> Iterator[Problem]:
    """Problems of all three levels."""
    policy = edge_policy(edge)
    yield from _level(edge, "edge_", policy, frozenset())
    for site in edge.sites:
        of_site = policy.over(site)
        identity = frozenset(
            name.lower() for part in site.parts if part.auth_request for name in part.auth_request.headers
        )
        yield from _level(site, "", of_site, identity)
        for location in site.locations:
            yield from _level(location, "", of_site.over(location), identity)
            yield from _without_upstream(location)


def _level(level: Level, prefix: str, policy: ResponsePolicy, identity: frozenset[str]) -> Iterator[Problem]:
    yield from _requests(level, prefix, identity)
    yield from _passed(level, prefix)
    yield from _responses(level, prefix, policy)


def _once(place: str, names: Iterable[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            yield Problem(place, f"{name} is listed twice", "write it once; header names ignore case")
        seen.add(name.lower())


def _requests(level: Level, prefix: str, identity: frozenset[str]) -> Iterator[Problem]:
    place = inside(level.place, f"{prefix}request_headers")
    yield from _once(place, level.request_headers)
    for name, value in level.request_headers.items():
        key = name.lower()
        where = inside(place, name)
        if key in OF_CONNECTIONS:
            yield Problem(where, "nginx writes this header for each connection", "remove it")
        elif key in identity:
            yield Problem(where, "auth_request sets this header", "choose another name")
        elif key in (FORWARDED_NAMES | DROPPED_LOWER) and chosen_by_clients(value):
            reason = "has a value that clients choose, and backends trust this header"
            yield Problem(where, reason, "write a fixed value, or a variable of the edge such as $remote_addr")


def _passed(level: Level, prefix: str) -> Iterator[Problem]:
    place = inside(level.place, f"{prefix}pass_request_headers")
    yield from _once(place, level.pass_request_headers)
    for index, name in enumerate(level.pass_request_headers):
        where = f"{place}[{index}]"
        if name.lower() in FORWARDED_NAMES:
            yield Problem(where, f"the edge sets {name} itself", "name proxies in edge_trusted_proxies, or remove it")
        elif name.lower() not in DROPPED_LOWER:
            yield Problem(where, f"{name} is not a header that the edge drops", "remove it")


def _responses(level: Level, prefix: str, policy: ResponsePolicy) -> Iterator[Problem]:
    headers = level.response_headers
    place = inside(level.place, f"{prefix}response_headers")
    security = {name.lower() for name, value in policy.security.items() if value}
    for option, names in (("set", headers.set), ("add", headers.add)):
        yield from _written(inside(place, option), names, security)
    yield from _once(inside(place, "remove"), headers.remove)
    for index, name in enumerate(headers.remove):
        if name.lower() in OF_CONNECTIONS:
            where = f"{inside(place, 'remove')}[{index}]"
            yield Problem(where, f"{name} belongs to the connection", "remove it from the list")
    yield from _security(level, prefix, security)


def _written(place: str, headers: Mapping[str, str], security: set[str]) -> Iterator[Problem]:
    yield from _once(place, headers)
    for name, value in headers.items():
        where = inside(place, name)
        if name.lower() in OF_RESPONSES:
            yield Problem(where, "nginx or the edge writes this header itself", "remove it")
        elif name.lower() in security:
            yield Problem(where, "is one of the security_headers", "write it there; security_headers_override replaces")
        elif not value:
            yield Problem(where, "has no value", "to remove a header of the backend, add it to remove")


def _security(level: Level, prefix: str, security: set[str]) -> Iterator[Problem]:
    place = inside(level.place, f"{prefix}security_headers")
    yield from _once(place, level.security_headers)
    for name in level.security_headers:
        if name.lower() in OF_RESPONSES:
            yield Problem(inside(place, name), "nginx or the edge writes this header itself", "remove it")
    override = inside(level.place, f"{prefix}security_headers_override")
    yield from _once(override, level.security_headers_override)
    for index, name in enumerate(level.security_headers_override):
        if name.lower() not in security:
            reason = f"{name} has no value among the security headers here"
            yield Problem(f"{override}[{index}]", reason, "add it to security_headers, or remove it from the list")


def _without_upstream(location: Location) -> Iterator[Problem]:
    if location.backend:
        return
    for option in ("request_headers", "pass_request_headers", "security_headers_override", "x_accel_redirect"):
        if getattr(location, option):
            yield Problem(location.at(option), "needs upstream in the same location")
