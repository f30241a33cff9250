# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``listen`` directives of plain HTTP, TLS and QUIC."""

from __future__ import annotations

from ..model.edge import Edge
from ..model.site import Site
from ..target.capabilities import HTTP2_DIRECTIVE, HTTP3, Target


def listen_on(port: int, *parameters: str, ipv6: bool) -> tuple[str, ...]:
    """Addresses of a port, IPv4 first, each with its parameters."""
    addresses = (str(port), f"[::]:{port}") if ipv6 else (str(port),)
    return tuple(" ".join((address, *parameters)) for address in addresses)


def _tcp_listen(edge: Edge, port: int, *parameters: str) -> tuple[str, ...]:
    if not edge.listen_proxy_protocol:
        return listen_on(port, *parameters, ipv6=edge.ipv6)
    # The edge's own checks come over loopback and speak no PROXY protocol. nginx keeps the parameters of each address,
    # though one socket serves them all.
    own = " ".join((f"127.0.0.1:{port}", *parameters))
    return (*listen_on(port, *parameters, "proxy_protocol", ipv6=edge.ipv6), own)


def plain_listen(edge: Edge, *parameters: str) -> tuple[str, ...]:
    """Listeners of plain HTTP."""
    return _tcp_listen(edge, edge.http_port, *parameters)


def speaks_http2(site: Site) -> bool:
    """Whether a site offers HTTP/2."""
    return site.https and site.http2 != "off"


def speaks_http3(site: Site, target: Target) -> bool:
    """Whether a site offers HTTP/3 on this target."""
    return site.https and site.http3 != "off" and target.can(HTTP3)


def default_tls_listen(edge: Edge, target: Target) -> tuple[str, ...]:
    """Listeners of the server for unknown names, which every port has."""
    listen = tls_listen(edge, target, any(map(speaks_http2, edge.sites)), "default_server")
    if any(speaks_http3(site, target) for site in edge.sites):
        # `reuseport` belongs to an address and port, so it is written here once: every port has its default server.
        listen += listen_on(edge.https_port, "quic", "reuseport", "default_server", ipv6=edge.ipv6)
    return listen


def tls_listen(edge: Edge, target: Target, http2: bool, *parameters: str) -> tuple[str, ...]:
    """Listeners of TLS over TCP."""
    http2_parameter = ("http2",) if http2 and not target.can(HTTP2_DIRECTIVE) else ()
    return _tcp_listen(edge, edge.https_port, "ssl", *http2_parameter, *parameters)
