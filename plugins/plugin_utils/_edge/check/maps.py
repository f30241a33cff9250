# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of ``edge_maps``, ``deny_if`` and ``methods``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from ..model.edge import Edge
from ..model.location import Location
from ..model.maps import NETWORK, EdgeMap, MapValue
from ..model.site import Site
from ..policy.access_rules import regexes_below
from ..policy.methods import allowed_methods
from ..syntax import formats
from ..syntax.paths import wrong_structure
from ..syntax.problems import Problem, did_you_mean, invalid
from ..syntax.raw import read_raw
from .groups import check_groups, groups_of, is_taken

REFUSALS = range(400, 600)
LONGEST_KEY = 1000
"""Bytes of an exact value; nginx keeps them in a hash whose buckets all have room for the longest one."""
_DEFINES_FIRST = frozenset({"auth_request_set", "js_set", "perl_set", "set"})
_DEFINES = frozenset({"geo", "map", "split_clients"}) | _DEFINES_FIRST
"""Raw directives that define a variable, which some of them name first."""
_LATE = re.compile(r"(?:edge_auth_|upstream_|sent_|status$|bytes_sent$|body_bytes_sent$|request_time$)")
"""Variables of the response and of the authorizing service."""
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)", re.ASCII)


def check_maps(edge: Edge) -> Iterator[Problem]:
    """Problems of the variables of the model, and of what uses them."""
    for one in edge.maps:
        yield from _map(one)
    yield from _cycles(edge.maps)
    yield from _defined_elsewhere(edge)
    yield from _misspelt(edge)
    for site in edge.sites:
        yield from _evaded(site)
        for part in site.parts:
            seen = set()
            for condition in part.deny_if:
                if condition.status not in REFUSALS:
                    reason = f"{condition.status} is not the status of a refusal"
                    yield Problem(condition.at("status"), reason, "write 400 to 599")
                if late := _late(condition.map, edge.maps):
                    reason = f"depends on ${late}, which has no value when nginx checks deny_if"
                    yield Problem(condition.at("map"), reason, "let the application decide, or use a request header")
                if condition.map.name in seen:
                    yield Problem(condition.at("map"), f"'{condition.map.name}' is listed twice", "remove one of them")
                seen.add(condition.map.name)


def _late(one: EdgeMap, maps: tuple[EdgeMap, ...]) -> str:
    """A variable of a map, or of the maps that it depends on, that has no value before nginx asks a service."""
    by_name = {other.name: other for other in maps}
    names, seen = [one.name], set()
    while names:
        name = names.pop()
        if name in seen:
            continue
        seen.add(name)
        if _LATE.match(name):
            return name
        names += _VARIABLE.findall(by_name[name].source) if name in by_name else []
    return ""


def _evaded(site: Site) -> Iterator[Problem]:
    """Regular expressions that take requests away from a prefix and its conditions."""
    for prefix in site.locations:
        if prefix.match != "prefix":
            continue
        limited = {*allowed_methods(site, prefix)} if prefix.methods else set()
        denied = {condition.map.name for condition in prefix.deny_if}
        for regex in regexes_below(site, prefix) if limited or denied else ():
            if denied - {condition.map.name for condition in (*site.deny_if, *regex.deny_if)}:
                yield _without(regex, prefix, "deny_if")
            allowed = {*allowed_methods(site, regex)}
            if limited and not (allowed and allowed <= limited):
                yield _without(regex, prefix, "methods")


def _without(regex: Location, prefix: Location, option: str) -> Problem:
    reason = f"also matches below {prefix.path}, where {option} of {prefix.place.rpartition('.')[2]} would not apply"
    return Problem(regex.at("path"), reason, f"write the same {option} in this location, or in the site")


def _map(one: EdgeMap) -> Iterator[Problem]:
    if is_taken(one.name):
        yield Problem(one.at("name"), f"'{one.name}' is a variable of nginx or the edge", "give it another name")
    if "$" not in one.source:
        reason = f"{one.source!r} is the same for every request"
        yield Problem(one.at("source"), reason, "use a variable such as $http_user_agent")
    if one.of_networks and not re.fullmatch(r"\$[A-Za-z_]\w*", one.source):
        yield Problem(one.at("source"), "is not one variable, which match: network needs", "write $remote_addr")
    seen: dict[tuple[str, str], str] = {}
    for value in one.values:
        if one.of_networks and value.match != NETWORK:
            reason = f"a map with networks has no values with match: {value.match}"
            yield Problem(value.at("match"), reason, "write two maps")
            continue
        wrong = [*_value(value)]
        yield from wrong
        key = (value.match, _compared(value) if not wrong else "")
        if key in seen and not wrong:
            yield Problem(value.at("from"), f"is already taken by {seen[key]}", "remove one of them")
        seen.setdefault(key, value.place.rpartition(".")[2])


def _value(value: MapValue) -> Iterator[Problem]:
    place = value.at("from")
    if value.match == NETWORK and not formats.NETWORK.fits(value.from_):
        yield Problem(place, invalid(value.from_), f"expected {formats.NETWORK.words}")
    elif value.match == "prefix" and not value.from_:
        yield Problem(place, "is empty, and every text begins with that", "write default")
    elif value.match == "regex":
        if reason := wrong_structure(value.from_):
            yield Problem(place, f"is not a regular expression: {reason}")
        yield from check_groups(place, value.from_)
    elif value.match == "exact" and len(value.from_.encode(errors="replace")) > LONGEST_KEY:
        yield Problem(place, f"is longer than {LONGEST_KEY} bytes", "write match: prefix or regex")


def _compared(value: MapValue) -> str:
    """What makes two values the same: nginx ignores the case of exact values."""
    if value.match == NETWORK:
        return str(ipaddress.ip_network(value.from_))
    return value.from_.lower() if value.match == "exact" else value.from_


def _cycles(maps: tuple[EdgeMap, ...]) -> Iterator[Problem]:
    """Variables that depend on themselves, of which nginx finds out with the first request."""
    needs = {one.name: {*_VARIABLE.findall(one.source)} & {other.name for other in maps} for one in maps}
    for one in maps:
        found: set[str] = set()
        following = {*needs[one.name]}
        while following - found:
            found |= following
            following = {name for other in found for name in needs[other]}
        if one.name in found:
            yield Problem(one.at("source"), f"depends on ${one.name} itself", "use other variables")


def _defined_elsewhere(edge: Edge) -> Iterator[Problem]:
    """Other definitions of a variable, of which nginx would use the last one."""
    names = {one.name for one in edge.maps}
    for place, expression in _expressions(edge) if names else ():
        for name in groups_of(expression):
            if name.lower() in names and not is_taken(name):
                yield Problem(place, f"has the group '{name}', which is an entry of edge_maps", "rename the group")
    for place, text in _raw_texts(edge) if names else ():
        for directive in read_raw(text).directives if text else ():
            defined = {word.lstrip("$") for word in directive.words[2:] or directive.words[1:] if word.startswith("$")}
            if directive.name in _DEFINES_FIRST:
                defined = {word.lstrip("$") for word in directive.words[1:2]}
            if directive.name in _DEFINES and (taken := names & defined):
                yield Problem(place, f"{directive.name} defines ${min(taken)}, an entry of edge_maps", "rename it")


def _expressions(edge: Edge) -> Iterator[tuple[str, str]]:
    """Places and texts of all regular expressions, whose groups are variables; other texts have none."""
    for site in edge.sites:
        yield from ((site.at("aliases"), name) for name in site.names)
        yield from ((rule.at("from"), rule.from_) for rule in site.redirects)
        yield from ((location.at("path"), location.path) for location in site.locations)
        yield from ((rule.at("pattern"), rule.pattern or "") for part in site.parts for rule in part.expires)
    yield from ((value.at("from"), value.from_) for one in edge.maps for value in one.values)


def _raw_texts(edge: Edge) -> Iterator[tuple[str, str]]:
    yield "edge_extra_directives", edge.extra_directives or ""
    yield from ((part.at("extra_directives"), part.extra_directives) for site in edge.sites for part in site.parts)


def _misspelt(edge: Edge) -> Iterator[Problem]:
    """Unknown variables that resemble one of the model; nginx itself reports all others."""
    names = {one.name for one in edge.maps}
    expressions = [
        *((one.at("key"), one.key) for one in edge.rate_limits),
        *((one.at("key"), one.key) for one in edge.connection_limits),
        *((one.at("source"), one.source) for one in edge.maps),
        *((one.at("hash_key"), one.hash_key or "") for one in edge.upstreams),
        *((one.cache.at("key"), one.cache.key) for site in edge.sites for one in site.locations if one.cache),
    ]
    if not names:
        return
    known = {*names, *(name for _place, expression in _expressions(edge) for name in groups_of(expression))}
    known.update(name for _place, text in _raw_texts(edge) for name in _VARIABLE.findall(text))
    for place, expression in expressions:
        for name in _VARIABLE.findall(expression):
            hint = did_you_mean(name, names, cutoff=0.75)
            if name not in known and not is_taken(name) and hint:
                yield Problem(place, f"${name} is not a variable", hint)
