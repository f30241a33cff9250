# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``listen`` directives of plain HTTP, TLS and QUIC."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import LOOPBACK

from ..model.edge import Edge
from ..model.site import Site
from ..plan.sockets import Socket, http3_of, http_sockets, https_port, own_sockets, plain_sockets
from ..target.capabilities import HTTP2_DIRECTIVE, HTTP3, Target


@dataclasses.dataclass(frozen=True, slots=True)
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


def listen_on(socket: Socket, *parameters: str, ipv6: bool) -> tuple[Listen, ...]:
    """Listeners of a socket: for every address, IPv4 first."""
    addresses = (socket.address,) if socket.address or not ipv6 else ("", "::")
    return tuple(Listen(address, socket.port, parameters) for address in addresses)


def _bound(edge: Edge, sockets: Iterable[Socket]) -> tuple[Socket, ...]:
    """The sockets, and those of the edge's own checks, which come over loopback and speak no PROXY protocol.

    nginx keeps the parameters of each address, though one socket serves them all.
    """
    if not edge.listen_proxy_protocol:
        return tuple(dict.fromkeys(sockets))
    return tuple(dict.fromkeys(found for one in sockets for found in (one, Socket(LOOPBACK, one.port))))


def _tcp_listen(edge: Edge, sockets: Iterable[Socket], parameters: Callable[[Socket], tuple[str, ...]]) -> list[Listen]:
    found: list[Listen] = []
    for socket in sockets:
        proxied = ("proxy_protocol",) if edge.listen_proxy_protocol and socket.address != LOOPBACK else ()
        found += listen_on(socket, *parameters(socket), *proxied, ipv6=edge.ipv6)
    return found


def _is_default(site: Site, socket: Socket, edge: Edge) -> bool:
    """Whether a site is the default on a socket: the first of those that want to be, as on loopback."""
    if not site.default_server:
        return False
    wanting = (one for one in edge.sites if one.default_server and socket in _all_bound(one, edge))
    return next(wanting, None) is site


def _all_bound(site: Site, edge: Edge) -> tuple[Socket, ...]:
    return _bound(edge, (*own_sockets(site, edge), *plain_sockets(site, edge)))


def listen_of_site(site: Site, edge: Edge, target: Target) -> tuple[Listen, ...]:
    """Listeners of the server that serves a site."""
    listen = _own_listen(site, edge, target)
    if site.has_plain_locations:
        listen += plain_listen_of_site(site, edge)
    reuse = ("reuseport", "default_server") if site.default_server else ()
    for socket in _quic_sockets(site, edge, target):
        listen += listen_on(socket, "quic", *reuse, ipv6=edge.ipv6)
    return tuple(listen)


def listen_of_aliases(site: Site, edge: Edge, target: Target) -> tuple[Listen, ...]:
    """The same for a second server of the site, which is never the default."""
    return listen_of_site(dataclasses.replace(site, default_server=False), edge, target)


def _own_listen(site: Site, edge: Edge, target: Target) -> list[Listen]:
    words = ("ssl", *_http2([site], target)) if site.https else ()

    def parameters(socket: Socket) -> tuple[str, ...]:
        return (*words, *(("default_server",) if _is_default(site, socket, edge) else ()))

    return _tcp_listen(edge, _bound(edge, own_sockets(site, edge)), parameters)


def plain_listen_of_site(site: Site, edge: Edge) -> tuple[Listen, ...]:
    """Listeners on which a site with HTTPS answers HTTP."""
    sockets = _bound(edge, plain_sockets(site, edge))
    return tuple(_tcp_listen(edge, sockets, lambda one: ("default_server",) if _is_default(site, one, edge) else ()))


def speaks_http2(site: Site) -> bool:
    """Whether a site offers HTTP/2."""
    return site.https and site.http2 != "off"


def speaks_http3(site: Site, edge: Edge, target: Target) -> bool:
    """Whether a site offers HTTP/3 on this target."""
    return http3_of(site, edge) != "off" and target.can(HTTP3)


def _http2(sites: Iterable[Site], target: Target) -> tuple[str, ...]:
    """The parameter that older versions of nginx need: there, HTTP/2 is a setting of the socket."""
    return ("http2",) if any(map(speaks_http2, sites)) and not target.can(HTTP2_DIRECTIVE) else ()


def default_listen(edge: Edge) -> tuple[Listen, ...]:
    """Listeners of the server for names that no site has, over plain HTTP."""
    taken = _bound(edge, http_sockets((site for site in edge.sites if site.default_server), edge))
    sockets = _bound(edge, (Socket("", edge.http_port), *http_sockets(edge.sites, edge)))
    free = [socket for socket in sockets if socket not in taken]
    return tuple(_tcp_listen(edge, free, lambda _socket: ("default_server",)))


def default_tls_listen(edge: Edge, target: Target) -> tuple[Listen, ...]:
    """Listeners of the server for unknown names over TLS; each socket has one, or a site that is the default."""
    sites: dict[Socket, list[Site]] = {}
    quic: dict[Socket, bool] = {}
    for site in edge.sites:
        for socket in _bound(edge, own_sockets(site, edge)) if site.https else ():
            sites.setdefault(socket, []).append(site)
        for socket in _quic_sockets(site, edge, target):
            quic[socket] = quic.get(socket, False) or site.default_server
    free = [socket for socket, some in sites.items() if not any(site.default_server for site in some)]
    listen = _tcp_listen(edge, free, lambda socket: ("ssl", *_http2(sites[socket], target), "default_server"))
    for socket in (one for one, has_default in quic.items() if not has_default):
        # `reuseport` belongs to an address and port, so it is written once: in the default server.
        listen += listen_on(socket, "quic", "reuseport", "default_server", ipv6=edge.ipv6)
    return tuple(listen)


def _quic_sockets(site: Site, edge: Edge, target: Target) -> tuple[Socket, ...]:
    """The sockets of HTTP/3: those with the port that Alt-Svc names."""
    if not speaks_http3(site, edge, target):
        return ()
    port = https_port(site, edge)
    return tuple(socket for socket in own_sockets(site, edge) if socket.port == port)
