# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the model against the capabilities of a host's nginx."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.edge import Edge
from ..model.site import Site
from ..model.stream import Stream
from ..plan.sockets import http3_of, own_sockets, tls_sockets
from ..syntax.problems import Problem
from ..target.capabilities import (
    AUTH_REQUEST,
    COOKIE_FLAGS,
    GZIP_STATIC,
    HTTP2_DIRECTIVE,
    HTTP3,
    OF_PROTOCOLS,
    REAL_IP,
    SSL_PREREAD,
    STREAM,
    STREAM_REAL_IP,
    UPSTREAM_RESOLVE,
    Capability,
    Target,
)

HTTP3_REMEDY = "write auto, or install an nginx that has it"


def check_target(edge: Edge, target: Target) -> tuple[Problem, ...]:
    """Everything that was requested explicitly and is not available; nothing while the version is unknown."""
    if not target.version:
        return ()
    return tuple(
        Problem(place, target.lacks(capability), remedy)
        for place, capability, remedy in _asked_for(edge)
        if not target.can(capability)
    )


def _asked_for(edge: Edge) -> Iterator[tuple[str, Capability, str]]:
    """Place, required capability, and remedy."""
    for upstream in edge.upstreams:
        if upstream.resolve == "on":
            yield upstream.at("resolve"), UPSTREAM_RESOLVE, "write auto, or addresses instead of names"
    if edge.trusted_proxies or edge.listen_proxy_protocol:
        yield "edge_trusted_proxies", REAL_IP, ""
    if edge.http3 == "on" and any(not site.http3 and http3_of(site, edge) == "on" for site in edge.sites):
        yield "edge_http3", HTTP3, HTTP3_REMEDY
    on = tls_sockets((site for site in edge.sites if site.http2 != "off"), edge)
    for site in edge.sites:
        if site.https and site.http2 == "off" and not set(on).isdisjoint(own_sockets(site, edge)):
            yield site.at("http2"), HTTP2_DIRECTIVE, "write the same for all sites of a port"
        yield from _asked_by_site(site)
    for stream in edge.streams:
        yield from _asked_by_stream(stream)


def _asked_by_site(site: Site) -> Iterator[tuple[str, Capability, str]]:
    if site.http3 == "on":
        yield site.at("http3"), HTTP3, HTTP3_REMEDY
    for part in site.parts:
        if part.cookies and part.cookies.has_flags:
            yield part.at("cookies"), COOKIE_FLAGS, "write domain and path only"
    if site.auth_request:
        yield site.at("auth_request"), AUTH_REQUEST, ""
    for location in site.locations:
        if location.auth_request:
            yield location.at("auth_request"), AUTH_REQUEST, ""
        if location.gzip_static:
            yield location.at("gzip_static"), GZIP_STATIC, ""
        if location.backend_protocol in OF_PROTOCOLS:
            place = location.at("php" if location.php else "protocol")
            yield place, OF_PROTOCOLS[location.backend_protocol], ""


def _asked_by_stream(stream: Stream) -> Iterator[tuple[str, Capability, str]]:
    yield stream.place, STREAM, ""
    if stream.ssl_preread:
        yield stream.at("ssl_preread"), SSL_PREREAD, ""
    if stream.listen_proxy_protocol:
        yield stream.at("listen_proxy_protocol"), STREAM_REAL_IP, ""
