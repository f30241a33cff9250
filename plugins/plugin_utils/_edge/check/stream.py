# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of streams: listeners that conflict, and what TCP and UDP cannot do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model.edge import Edge
from ..model.stream import Stream
from ..model.upstream import Upstream
from ..plan.sockets import http3_of
from ..read.reader import Reading
from ..syntax.addresses import split_listen
from ..syntax.problems import Problem
from .limits import check_connections
from .ranges import at_least
from .sockets import place_of_http3, taken_sockets

STREAM_VARIABLES = frozenset(
    {
        "binary_remote_addr",
        "connection",
        "edge_client",
        "hostname",
        "proxy_protocol_addr",
        "remote_addr",
        "remote_port",
        "server_addr",
        "server_port",
        "ssl_preread_server_name",
    }
)
"""Variables a stream can be balanced by (ngx_stream_core_module, ngx_stream_ssl_preread_module)."""


def check_streams(reading: Reading) -> Iterator[Problem]:
    """Problems of streams and of the upstreams that they use."""
    edge = reading.edge
    yield from _listeners(edge)
    for stream in edge.streams:
        yield from _stream(stream, edge)
        for place, upstream in stream.upstreams:
            yield from _upstream(place, upstream, stream)
    if (edge.stream_extra_directives or "").strip() and not (edge.streams or reading.names["edge_streams"]):
        yield Problem("edge_stream_extra_directives", "has no effect without edge_streams")


def _stream(stream: Stream, edge: Edge) -> Iterator[Problem]:
    if not stream.upstreams:
        yield Problem(stream.place, "has no upstream", "write upstream, or ssl_preread")
    of_the_other: dict[str, dict[str, object]] = {
        "udp": {
            "ssl_preread": stream.ssl_preread,
            "proxy_protocol": stream.proxy_protocol,
            "listen_proxy_protocol": stream.listen_proxy_protocol,
        },
        "tcp": {"proxy_responses": stream.proxy_responses is not None},
    }
    for option, value in of_the_other[stream.protocol].items():
        if value:
            yield Problem(stream.at(option), f"has no effect with protocol: {stream.protocol}")
    if stream.proxy_responses is not None:
        yield from at_least(stream, "proxy_responses", stream.proxy_responses, 0)
    if stream.listen_proxy_protocol and not edge.trusted_proxies:
        reason = "requires edge_trusted_proxies"
        yield Problem(stream.at("listen_proxy_protocol"), reason, "name the load balancers in edge_trusted_proxies")
    yield from check_connections(stream)
    for use in stream.connection_limits:
        unknown = _unknown_variables(use.limit.key)
        if unknown:
            reason = f"'{use.limit.name}' has a key with {unknown}, which streams do not have"
            yield Problem(use.at("name"), reason, "use a limit with key: $edge_client")
    yield from _server_names(stream)


def _server_names(stream: Stream) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for group in stream.ssl_preread:
        for index, name in enumerate(group.names):
            place = group.at(f"names[{index}]")
            if name in seen:
                yield Problem(place, f"'{name}' is already taken by {seen[name]}")
            seen[name] = place


def _upstream(place: str, upstream: Upstream, stream: Stream) -> Iterator[Problem]:
    if upstream.balance == "ip_hash":
        remedy = "write balance: hash and hash_key: $remote_addr in the upstream"
        yield Problem(place, f"'{upstream.name}' has balance: ip_hash, which nginx has for HTTP only", remedy)
    if upstream.balance == "hash" and (unknown := _unknown_variables(upstream.hash_key or "")):
        reason = f"'{upstream.name}' has a hash_key with {unknown}, which streams do not have"
        yield Problem(place, reason, "write hash_key: $remote_addr in the upstream")
    if upstream.tls and stream.protocol == "udp":
        yield Problem(place, f"'{upstream.name}' uses TLS, which UDP does not have")
    elif upstream.tls and stream.ssl_preread:
        reason = f"'{upstream.name}' would encrypt the client's TLS connection a second time"
        yield Problem(place, reason, "remove tls from the upstream: TLS is passed through")


def _unknown_variables(expression: str) -> str:
    """Variables of an expression that streams do not have, for an error."""
    names = set(re.findall(r"\$\{?(\w+)", expression)) - STREAM_VARIABLES
    return ", ".join(f"${name}" for name in sorted(names))


def _https_port(edge: Edge) -> Iterator[tuple[str, str]]:
    """Place and protocol of each socket with the HTTPS port on every address; an edge without sites may get some."""
    sites = [site for site in edge.sites if site.https and not site.listen]
    if sites or not edge.sites:
        yield "edge_https_port", "tcp"
    http3 = [place_of_http3(site) for site in sites if http3_of(site, edge) != "off"]
    if not edge.sites and edge.http3 != "off":
        http3 = ["edge_http3"]
    yield from ((place, "udp") for place in http3[:1])


def _listeners(edge: Edge) -> Iterator[Problem]:
    taken = [
        ("edge_http_port", "", edge.http_port, "tcp"),
        *((place, "", edge.https_port, protocol) for place, protocol in _https_port(edge)),
        ("edge_status_port", "127.0.0.1", edge.status_port, "tcp"),
        *taken_sockets(edge),
    ]
    for stream in edge.streams:
        parsed = split_listen(stream.listen)
        if parsed is None:
            continue  # its format reports it
        address, port = parsed
        for where, other_address, other_port, protocol in taken:
            same = address == other_address or not address or not other_address
            if same and (port, stream.protocol) == (other_port, protocol):
                reason = f"port {port}/{protocol} is already taken by {where}"
                remedy = "choose another port, or a separate address for each"
                remedy += ", or turn HTTP/3 off" if where.endswith("http3") else ""
                yield Problem(stream.at("listen"), reason, remedy)
                break
        taken.append((stream.at("listen"), address, port, stream.protocol))
