# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``stream`` block: TCP and UDP services, each in its own server."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.edge import Edge
from ..model.stream import Stream
from ..plan.sockets import Socket
from ..syntax.addresses import split_listen
from ..syntax.quote import quote
from ..target.capabilities import SSL_PREREAD, STREAM_REAL_IP, Target
from .access import allow_and_deny, upstream_tls
from .hashes import HashSizes, hash_sizes
from .listen import Listen, listen_on
from .zones import (
    CLIENT,
    STREAM,
    LimitView,
    UpstreamView,
    connection_limit_zone,
    stream_variable,
    view_connection_limit,
    view_upstream,
)


@dataclass(frozen=True, slots=True)
class RouteView:
    """The upstream of each server name.

    :param names: pairs of server name and upstream.
    :param otherwise: the upstream of all other names; empty where they are disconnected.
    """

    variable: str
    names: tuple[tuple[str, str], ...]
    otherwise: str


@dataclass(frozen=True, slots=True)
class StreamView:
    """A ``server`` of the stream block; ``groups`` are paragraphs of directives."""

    name: str
    place: str
    route: RouteView | None
    listen: tuple[Listen, ...]
    groups: tuple[tuple[str, ...], ...]
    extra_directives: str


@dataclass(frozen=True, slots=True)
class StreamsView:
    """The whole ``stream`` block.

    :param names_servers: whether nginx can log the server name that a TLS client requests.
    """

    upstreams: tuple[UpstreamView, ...]
    connection_limits: tuple[LimitView, ...]
    servers: tuple[StreamView, ...]
    names_hash: HashSizes
    names_servers: bool
    counts_clients: bool
    extra_directives: str


def view_streams(edge: Edge, target: Target) -> StreamsView | None:
    """Decide everything for the streams of an edge; None where it has none."""
    if not edge.streams:
        return None
    used = {upstream.name for stream in edge.streams for _place, upstream in stream.upstreams}
    counted = {use.limit.name for stream in edge.streams for use in stream.connection_limits}
    return StreamsView(
        upstreams=tuple(
            view_upstream(upstream, edge, target, prefix=STREAM, keeps_alive=False)
            for upstream in edge.upstreams
            if upstream.name in used
        ),
        connection_limits=tuple(
            view_connection_limit(limit, prefix=STREAM) for limit in edge.connection_limits if limit.name in counted
        ),
        servers=tuple(_stream(stream, edge, target) for stream in edge.streams),
        names_hash=hash_sizes(name for stream in edge.streams for group in stream.ssl_preread for name in group.names),
        counts_clients=any(CLIENT in limit.key for limit in edge.connection_limits if limit.name in counted),
        names_servers=target.can(SSL_PREREAD),
        extra_directives=edge.stream_extra_directives,
    )


def _stream(stream: Stream, edge: Edge, target: Target) -> StreamView:
    return StreamView(
        name=stream.name,
        place=stream.place,
        route=_route(stream),
        listen=_listen(stream, edge),
        groups=tuple(group for group in (_who(stream, edge, target), _where(stream)) if group),
        extra_directives=stream.extra_directives,
    )


def _route(stream: Stream) -> RouteView | None:
    if not stream.ssl_preread:
        return None
    names = tuple((name, group.upstream.name) for group in stream.ssl_preread for name in group.names)
    return RouteView(stream_variable(stream), names, stream.upstream.name if stream.upstream else "")


def _listen(stream: Stream, edge: Edge) -> tuple[Listen, ...]:
    address, port = split_listen(stream.listen) or ("", 0)
    parameters = (
        # Each worker has its own socket, so that all datagrams of a client reach the worker that knows it.
        *(("udp", "reuseport") if stream.protocol == "udp" else ()),
        *(("proxy_protocol",) if stream.listen_proxy_protocol else ()),
    )
    return (Listen(address, port, parameters),) if address else listen_on(Socket("", port), *parameters, ipv6=edge.ipv6)


def _who(stream: Stream, edge: Edge, target: Target) -> tuple[str, ...]:
    trusted = edge.trusted_proxies if stream.listen_proxy_protocol and target.can(STREAM_REAL_IP) else ()
    return (
        *(f"set_real_ip_from {network}" for network in trusted),
        *allow_and_deny(stream.allow or None, stream.deny),
        *(
            f"limit_conn {connection_limit_zone(use.limit, prefix=STREAM)} {use.connections}"
            for use in stream.connection_limits
        ),
        *(() if stream.access_log else ("access_log off",)),
    )


def _where(stream: Stream) -> tuple[str, ...]:
    upstream = stream.upstream
    target = f"${stream_variable(stream)}" if stream.ssl_preread else quote(upstream.name if upstream else "")
    return (
        *(("ssl_preread on",) if stream.ssl_preread else ()),
        f"proxy_pass {target}",
        f"proxy_connect_timeout {stream.proxy_connect_timeout}",
        f"proxy_timeout {stream.proxy_timeout}",
        *((f"proxy_responses {stream.proxy_responses}",) if stream.proxy_responses is not None else ()),
        *(("proxy_protocol on",) if stream.proxy_protocol else ()),
        *(("proxy_ssl on", *upstream_tls("proxy", upstream.tls)) if upstream and upstream.tls else ()),
    )
