# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks across the fields of a model: references, names, combinations that nginx refuses or gets wrong."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from . import formats
from .capabilities import Target
from .model import CacheUse, Edge, Location, Record, Return, Site, Upstream
from .problems import Problem, did_you_mean, is_within
from .read import Reading

BALANCE_WITHOUT_BACKUP = ("ip_hash", "hash", "random", "random_two_least_conn")
"""nginx: "load balancing method does not support parameter "backup"" (ngx_http_upstream_module)."""

STATUS_CODES = range(200, 600)
REDIRECTS = (301, 302, 303, 307, 308)


def check(reading: Reading) -> tuple[Problem, ...]:
    """All problems that need more than one field to be seen; the target's abilities aside."""
    edge = reading.edge
    return (
        *_names(edge),
        *_upstreams(reading),
        *_rate_limits(edge),
        *_sites(edge),
        *_references(edge, reading.names),
        *_ports(edge),
        *_proxies(edge),
    )


def warnings(edge: Edge) -> tuple[Problem, ...]:
    """What works, but perhaps not as meant."""
    found = []
    for upstream in edge.upstreams:
        if len(upstream.servers) == 1 and upstream.servers[0].max_fails != 1:
            where = f"{upstream.servers[0].place}.max_fails"
            found.append(Problem(where, "nginx ignores it where an upstream has one server"))
        for server in upstream.servers:
            address = formats.split_address(server.address)
            if address and not formats.is_ip(address[0]):
                reason = f"nginx looks up '{address[0]}' once, when it loads, and does not start without DNS"
                found.append(Problem(f"{server.place}.address", reason, "an IP address has neither trouble"))
    return tuple(found)


def check_target(edge: Edge, target: Target) -> tuple[Problem, ...]:
    """What the model asks for and the target's nginx cannot do; nothing while its version is not known yet."""
    found: list[Problem] = []
    if not target.version:
        return ()
    for site in edge.sites:
        if site.http3 == "on" and not target.http3:
            reason = f"nginx {target.version_text} on this host is built without HTTP/3"
            found.append(
                Problem(f"{site.place}.http3", reason, "write auto, or install nginx 1.25 or newer built with it")
            )
    if not target.http2_directive and len({site.http2 == "off" for site in edge.sites if site.https}) > 1:
        for site in edge.sites:
            if site.http2 == "off":
                reason = f"nginx {target.version_text} has HTTP/2 on for all sites of a port or for none"
                found.append(Problem(f"{site.place}.http2", reason, "nginx 1.25.1 or newer can tell sites apart"))
    return tuple(found)


def _names(edge: Edge) -> Iterator[Problem]:
    for records in (edge.upstreams, edge.rate_limits, edge.caches, edge.certificates):
        yield from _unique((f"{record.place}.name", record.name) for record in records)
    yield from _unique(
        (f"{site.place}.name" if index == 0 else f"{site.place}.aliases[{index - 1}]", name)
        for site in edge.sites
        for index, name in enumerate(site.names)
    )


def _unique(named: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for place, name in named:
        if name in first:
            yield Problem(place, f"'{name}' is already taken by {first[name]}", "names are unique")
        else:
            first[name] = place


def _upstreams(reading: Reading) -> Iterator[Problem]:
    for upstream in reading.edge.upstreams:
        servers = f"{upstream.place}.servers"
        all_sound = not any(is_within(problem.path, servers) for problem in reading.problems)
        if all_sound and not any(not server.backup and not server.down for server in upstream.servers):
            yield Problem(servers, "needs a server that is neither backup nor down")
        yield from _upstream(upstream)


def _upstream(upstream: Upstream) -> Iterator[Problem]:
    if upstream.balance == "hash" and not upstream.hash_key:
        yield Problem(f"{upstream.place}.hash_key", "required with balance: hash", "for example $request_uri")
    if upstream.balance != "hash" and upstream.hash_key:
        yield Problem(
            f"{upstream.place}.hash_key", f"has no meaning with balance: {upstream.balance}", "write balance: hash"
        )
    for server in upstream.servers:
        if server.backup and upstream.balance in BALANCE_WITHOUT_BACKUP:
            reason = f"nginx has no backup servers with balance: {upstream.balance}"
            yield Problem(f"{server.place}.backup", reason, "use round_robin or least_conn, or take backup out")
        yield from _at_least(server, "weight", server.weight, 1)
        yield from _at_least(server, "max_fails", server.max_fails, 0)
        yield from _at_least(server, "max_conns", server.max_conns, 0)
    yield from _at_least(upstream, "keepalive", upstream.keepalive, 0)
    yield from _at_least(upstream, "keepalive_requests", upstream.keepalive_requests, 1)


def _at_least(record: Record, option: str, value: int, least: int) -> Iterator[Problem]:
    if value < least:
        yield Problem(f"{record.place}.{option}", f"{value} is too small", f"at least {least}")


def _rate_limits(edge: Edge) -> Iterator[Problem]:
    for limit in edge.rate_limits:
        if "$" not in limit.key:
            yield Problem(f"{limit.place}.key", f"{limit.key!r} is the same for every request", "use a variable")


def _sites(edge: Edge) -> Iterator[Problem]:
    for site in edge.sites:
        yield from _site(site)
        for location in site.locations:
            yield from _location(location)


def _site(site: Site) -> Iterator[Problem]:
    if not site.https:
        for option, value in (
            ("certificate", site.certificate),
            ("http3", site.http3 == "on"),
            ("http2", site.http2 == "on"),
        ):
            if value:
                yield Problem(f"{site.place}.{option}", "has no meaning with https: false", "take one of the two out")
    seen: dict[tuple[str, str], str] = {}
    for location in site.locations:
        key = (location.match, location.path)
        if key in seen:
            yield Problem(f"{location.place}.path", f"'{location.path}' is already taken by {seen[key]}.path")
        seen[key] = location.place


def _location(location: Location) -> Iterator[Problem]:
    place = location.place
    actions = {"upstream": location.upstream, "return": location.return_, "root": location.root}
    chosen = [name for name, value in actions.items() if value]
    if len(chosen) != 1:
        reason = f"has {' and '.join(chosen)}" if chosen else "does nothing"
        yield Problem(place, reason, "exactly one of upstream, return, root")
    if location.try_files and not location.root:
        yield Problem(f"{place}.try_files", "needs root in the same location")
    if location.rate_limit:
        yield from _at_least(location.rate_limit, "burst", location.rate_limit.burst, 0)
    yield from _path(location)
    yield from _proxying(location)
    if location.cache:
        yield from _cache_use(location.cache)
    if location.return_:
        yield from _return(location.return_)


def _path(location: Location) -> Iterator[Problem]:
    place = f"{location.place}.path"
    if location.match == "regex":
        try:
            re.compile(location.path)
        except re.error as error:
            yield Problem(place, f"is not a regular expression: {error}")
    elif not formats.URI_PATH.fits(location.path):
        yield Problem(place, f"{location.path!r} is not valid here", f"expected {formats.URI_PATH.words}")
    if location.strip_prefix and location.match != "prefix":
        reason = f"nginx has no prefix to strip with match: {location.match}"
        yield Problem(f"{location.place}.strip_prefix", reason)
    elif location.strip_prefix and not location.path.endswith("/"):
        yield Problem(place, "must end with / when strip_prefix is true", f"write {location.path}/")


def _proxying(location: Location) -> Iterator[Problem]:
    of_proxying = {
        "strip_prefix": location.strip_prefix,
        "websocket": location.websocket,
        "cache": location.cache,
        "proxy_send_timeout": location.proxy_send_timeout,
        "proxy_read_timeout": location.proxy_read_timeout,
    }
    if not location.upstream:
        for option, value in of_proxying.items():
            if value:
                yield Problem(f"{location.place}.{option}", "needs upstream in the same location")
    if location.websocket and location.cache:
        way_out = "give the cached paths a location of their own"
        yield Problem(f"{location.place}.cache", "a WebSocket location cannot be cached", way_out)


def _cache_use(cache: CacheUse) -> Iterator[Problem]:
    yield from _at_least(cache, "min_uses", cache.min_uses, 1)
    for valid in cache.valid:
        for index, status in enumerate(valid.status):
            yield from _status(f"{valid.place}.status[{index}]", status)


def _return(answer: Return) -> Iterator[Problem]:
    yield from _status(f"{answer.place}.status", answer.status)
    if (answer.status in REDIRECTS) != bool(answer.url):
        listed = ", ".join(map(str, REDIRECTS))
        yield Problem(f"{answer.place}.url", f"goes with a redirect ({listed}), and a redirect with it")
    if answer.url and answer.text:
        yield Problem(f"{answer.place}.text", "a redirect has no text")


def _status(place: str, status: int) -> Iterator[Problem]:
    if status not in STATUS_CODES:
        yield Problem(place, f"{status} is not a status code of a response", "200 to 599")


def _references(edge: Edge, names: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    for site in edge.sites:
        if site.certificate:
            yield from _refers(
                f"{site.place}.certificate", site.certificate, "edge_certificates", names["edge_certificates"]
            )
        for location in site.locations:
            if location.upstream:
                yield from _refers(
                    f"{location.place}.upstream", location.upstream, "edge_upstreams", names["edge_upstreams"]
                )
            if location.rate_limit:
                yield from _refers(
                    f"{location.rate_limit.place}.name",
                    location.rate_limit.name,
                    "edge_rate_limits",
                    names["edge_rate_limits"],
                )
            if location.cache:
                yield from _refers(
                    f"{location.cache.place}.name", location.cache.name, "edge_caches", names["edge_caches"]
                )


def _refers(place: str, name: str, variable: str, known: frozenset[str]) -> Iterator[Problem]:
    if name not in known:
        listed = ", ".join(sorted(known)) or "which is empty"
        yield Problem(place, f"'{name}' is not in {variable} ({listed})", did_you_mean(name, known))


def _ports(edge: Edge) -> Iterator[Problem]:
    ports = {"edge_http_port": edge.http_port, "edge_https_port": edge.https_port, "edge_status_port": edge.status_port}
    given = {variable: port for variable, port in ports.items() if port is not None}
    for variable, port in given.items():
        if port not in formats.PORTS:
            yield Problem(variable, f"{port} is not a port", "1 to 65535")
        elif Counter(given.values())[port] > 1:
            yield Problem(variable, f"port {port} is used twice", "the three ports of an edge differ")


def _proxies(edge: Edge) -> Iterator[Problem]:
    for index, network in enumerate(edge.trusted_proxies):
        if ipaddress.ip_network(network).prefixlen == 0:
            place = f"edge_trusted_proxies[{index}]"
            yield Problem(place, f"{network} lets every client forge its address", "name the networks of your proxies")
