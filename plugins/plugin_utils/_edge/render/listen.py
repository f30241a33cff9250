# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``listen`` directives of plain HTTP, TLS and QUIC."""

from __future__ import annotations

import dataclasses

from ..model.edge import Edge
from ..model.site import Site
from ..target.capabilities import HTTP2_DIRECTIVE, HTTP3, Target


@dataclasses.dataclass(frozen=True)
class Listen:
    """The parameters of a ``listen`` directive.

    :param address: an IP address; empty for all IPv4 addresses.
    :param parameters: all words after the port, such as ``ssl``.
    """

    address: str
    port: int
    parameters: tuple[str, ...] = ()

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return " ".join((f"{address}:{self.port}" if address else str(self.port), *self.parameters))


def listen_on(port: int, *parameters: str, ipv6: bool) -> tuple[Listen, ...]:
    """Listeners on all addresses, IPv4 first."""
    return tuple(Listen(address, port, parameters) for address in (("", "::") if ipv6 else ("",)))


def _tcp_listen(edge: Edge, port: int, *parameters: str) -> tuple[Listen, ...]:
    if not edge.listen_proxy_protocol:
        return listen_on(port, *parameters, ipv6=edge.ipv6)
    # The edge's own checks come over loopback and speak no PROXY protocol. nginx keeps the parameters of each address,
    # though one socket serves them all.
    own = Listen("127.0.0.1", port, parameters)
    return (*listen_on(port, *parameters, "proxy_protocol", ipv6=edge.ipv6), own)


def plain_listen(edge: Edge, *parameters: str) -> tuple[Listen, ...]:
    """Listeners of plain HTTP."""
    return _tcp_listen(edge, edge.http_port, *parameters)


def speaks_http2(site: Site) -> bool:
    """Whether a site offers HTTP/2."""
    return site.https and site.http2 != "off"


def speaks_http3(site: Site, target: Target) -> bool:
    """Whether a site offers HTTP/3 on this target."""
    return site.https and site.http3 != "off" and target.can(HTTP3)


def default_tls_listen(edge: Edge, target: Target) -> tuple[Listen, ...]:
    """Listeners of the server for unknown names, which every port has."""
    listen = tls_listen(edge, target, any(map(speaks_http2, edge.sites)), "default_server")
    if any(speaks_http3(site, target) for site in edge.sites):
        # `reuseport` belongs to an address and port, so it is written here once: every port has its default server.
        listen += listen_on(edge.https_port, "quic", "reuseport", "default_server", ipv6=edge.ipv6)
    return listen


def tls_listen(edge: Edge, target: Target, http2: bool, *parameters: str) -> tuple[Listen, ...]:
    """Listeners of TLS over TCP."""
    http2_parameter = ("http2",) if http2 and not target.can(HTTP2_DIRECTIVE) else ()
    return _tcp_listen(edge, edge.https_port, "ssl", *http2_parameter, *parameters)
