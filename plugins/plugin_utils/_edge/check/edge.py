# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks across the fields of a model: names, combinations that nginx refuses or gets wrong."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from ..model.edge import Edge
from ..model.location import Location
from ..model.site import Site
from ..model.upstream import Upstream
from ..read.reader import Reading
from ..syntax import addresses
from ..syntax.problems import Problem, is_within
from ..target.capabilities import UPSTREAM_RESOLVE, Target
from ..target.name_resolution import resolves
from .access import check_access
from .backend import check_protocols
from .cors import check_cors
from .errors import check_errors
from .files import check_sources
from .fleet import check_fleet
from .headers import check_decoded, check_headers
from .lifetimes import check_lifetimes
from .limits import check_limits
from .location import check_location
from .maps import check_maps
from .ranges import at_least
from .raw import check_raw
from .redirects import ACME_CHALLENGES, check_redirects
from .responses import check_responses
from .sockets import check_sockets
from .stream import check_streams

BALANCE_WITHOUT_BACKUP = ("ip_hash", "hash", "random", "random_two_least_conn")
"""nginx: "load balancing method does not support parameter "backup"" (ngx_http_upstream_module)."""

MOST_WEIGHT = 10_000
"""With consistent hashing nginx keeps 160 points in memory for each unit of weight."""
MOST_IDLE = 65535
"""nginx keeps room for them all from the start."""
RANGES = {
    "worker_connections": range(512, 1_000_001),
    "keepalive_requests": range(1, 1_000_001),
    "access_log_sample": range(101),
    "generations_keep": range(1, 101),
    "reload_timeout": range(1, 601),
    "max_fail_percentage": range(101),
}
"""Sensible values of the edge's numbers, without ``edge_``."""


def check(reading: Reading) -> tuple[Problem, ...]:
    """All problems that need more than one field to be seen; the target's abilities aside."""
    edge = reading.edge
    return (
        *_names(edge),
        *_upstreams(reading),
        *check_limits(edge),
        *_sites(edge),
        *check_protocols(edge, reading.names["edge_upstreams"]),
        *check_access(reading),
        *check_headers(edge),
        *check_decoded(edge),
        *check_lifetimes(edge),
        *check_cors(edge),
        *check_maps(edge),
        *check_responses(edge),
        *check_sockets(edge),
        *check_streams(reading),
        *check_raw(edge),
        *_ports(edge),
        *_ranges(edge),
        *_proxies(edge),
        *check_fleet(edge),
    )


def warnings(edge: Edge, target: Target) -> tuple[Problem, ...]:
    """Warnings about settings that work, but may not be intended."""
    found = [
        *(
            Problem(place, "sends passwords in clear text", "write https: true")
            for site in edge.sites
            for place in _passwords_in_clear_text(site)
        ),
    ]
    for upstream in edge.upstreams:
        if len(upstream.servers) == 1 and upstream.servers[0].max_fails != 1:
            where = upstream.servers[0].at("max_fails")
            found.append(Problem(where, "nginx ignores it where an upstream has one server"))
        for server in upstream.servers:
            address = addresses.split_address(server.address)
            if address and not addresses.is_ip(address[0]) and not resolves(upstream, edge, target):
                reason = f"nginx looks up '{address[0]}' once, when it loads, and does not start without DNS"
                remedy = (
                    "name DNS servers in edge_resolver"
                    if target.can(UPSTREAM_RESOLVE) and upstream.resolve != "off"
                    else "an IP address avoids both"
                )
                found.append(Problem(server.at("address"), reason, remedy))
    return tuple(found)


def _passwords_in_clear_text(site: Site) -> Iterator[str]:
    if not site.https and any(part.basic_auth for part in site.parts):
        yield site.at("https")
    for location in site.locations if site.https else ():
        if not location.https and not location.public and (location.basic_auth or site.basic_auth):
            yield location.at("https")


def _names(edge: Edge) -> Iterator[Problem]:
    # nginx takes the name of an upstream for a host's, which is the same in capitals.
    yield from _unique(((upstream.at("name"), upstream.name) for upstream in edge.upstreams), str.lower)
    for records in (
        edge.maps,
        edge.rate_limits,
        edge.connection_limits,
        edge.caches,
        edge.user_lists,
        edge.streams,
        edge.certificates,
    ):
        yield from _unique((record.at("name"), record.name) for record in records)
    yield from _unique(
        (site.at("name") if index == 0 else site.at(f"aliases[{index - 1}]"), name)
        for site in edge.sites
        for index, name in enumerate(site.names)
    )


def _unique(named: Iterable[tuple[str, str]], same: Callable[[str], str] = str) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for place, name in named:
        if same(name) in first:
            yield Problem(place, f"'{name}' is already taken by {first[same(name)]}", "give it another name")
        else:
            first[same(name)] = place


def _upstreams(reading: Reading) -> Iterator[Problem]:
    for upstream in reading.edge.upstreams:
        servers = upstream.at("servers")
        all_sound = not any(is_within(problem.path, servers) for problem in reading.problems)
        if all_sound and not any(not server.backup and not server.down for server in upstream.servers):
            yield Problem(servers, "needs a server that is neither backup nor down")
        yield from _upstream(upstream, reading.edge)


def _upstream(upstream: Upstream, edge: Edge) -> Iterator[Problem]:
    if upstream.balance == "hash" and not upstream.hash_key:
        yield Problem(upstream.at("hash_key"), "required with balance: hash", "for example $request_uri")
    if upstream.balance != "hash" and upstream.hash_key:
        yield Problem(upstream.at("hash_key"), f"has no effect with balance: {upstream.balance}", "write balance: hash")
    for server in upstream.servers:
        if server.backup and upstream.balance in BALANCE_WITHOUT_BACKUP:
            reason = f"nginx has no backup servers with balance: {upstream.balance}"
            yield Problem(server.at("backup"), reason, "use round_robin or least_conn, or remove backup")
        yield from at_least(server, "weight", server.weight, 1, MOST_WEIGHT)
        yield from at_least(server, "max_fails", server.max_fails, 0)
        yield from at_least(server, "max_conns", server.max_conns, 0)
    if upstream.resolve == "on" and not edge.resolver:
        yield Problem(upstream.at("resolve"), "requires edge_resolver", "name DNS servers in edge_resolver")
    yield from at_least(upstream, "keepalive", upstream.keepalive, 0, MOST_IDLE)
    yield from at_least(upstream, "keepalive_requests", upstream.keepalive_requests, 1)


def _sites(edge: Edge) -> Iterator[Problem]:
    for site in edge.sites:
        yield from _site(site)
        yield from check_sources(site)
        for location in site.locations:
            yield from check_location(location)


def _site(site: Site) -> Iterator[Problem]:
    if not site.https:
        for option, value in (
            ("certificate", site.certificate),
            ("second_certificate", site.second_certificate),
            ("http3", site.http3 == "on"),
            ("http2", site.http2 == "on"),
        ):
            if value:
                yield Problem(site.at(option), "has no effect with https: false", "remove one of them")
        if site.client_certificates:
            yield Problem(site.at("client_certificates"), "needs https: true", "client certificates require TLS")
    if site.maintenance:
        yield from at_least(site.maintenance, "retry_after", site.maintenance.retry_after, 0)
    yield from check_errors(site)
    yield from check_redirects(site)
    yield from _location_paths(site)


def _location_paths(site: Site) -> Iterator[Problem]:
    """nginx accepts each location once; the edge adds some itself."""
    plain = not site.https or site.has_plain_locations
    taken = {("prefix", ACME_CHALLENGES): "the challenges of the ACME server"} if plain else {}
    for location in site.locations:
        key, place = (_kind(location), location.path), location.at("path")
        if key in taken:
            yield Problem(place, f"'{key[1]}' is already taken by {taken[key]}", "remove one of them")
        taken.setdefault(key, place)


def _kind(location: Location) -> str:
    return "prefix" if location.is_prefix else location.match


def _ports(edge: Edge) -> Iterator[Problem]:
    ports = {"edge_http_port": edge.http_port, "edge_https_port": edge.https_port, "edge_status_port": edge.status_port}
    given = {variable: port for variable, port in ports.items() if port is not None}
    for variable, port in given.items():
        if port not in addresses.PORTS:
            yield Problem(variable, f"{port} is not a port", "write 1 to 65535")
        elif Counter(given.values())[port] > 1:
            yield Problem(variable, f"port {port} is used twice", "use three different ports")


def _ranges(edge: Edge) -> Iterator[Problem]:
    for name, allowed in RANGES.items():
        value = getattr(edge, name)
        if value is not None and value not in allowed:
            yield Problem(f"edge_{name}", f"{value} is out of range", f"write {allowed[0]} to {allowed[-1]}")


def _proxies(edge: Edge) -> Iterator[Problem]:
    for index, network in enumerate(edge.trusted_proxies):
        if ipaddress.ip_network(network).prefixlen == 0:
            place = f"edge_trusted_proxies[{index}]"
            yield Problem(place, f"{network} lets every client forge its address", "name the networks of your proxies")
    if edge.listen_proxy_protocol and not edge.trusted_proxies:
        reason = "requires edge_trusted_proxies"
        yield Problem("edge_listen_proxy_protocol", reason, "name the load balancers in edge_trusted_proxies")
