# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of sites: the edge's ports, or those that a site lists.

nginx serves a request from the sites that list the most exact socket of the connection. A site that lists an
address is therefore the only one there, and each socket needs a server for unknown names.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import LOOPBACK

from ..model.edge import Edge
from ..model.site import Site
from ..syntax.addresses import split_listen


class Socket(NamedTuple):
    """A TCP socket of a site.

    :param address: an IP address; empty for every address.
    """

    address: str
    port: int


def own_sockets(site: Site, edge: Edge) -> tuple[Socket, ...]:
    """The sockets that serve a site, over TLS if it has HTTPS."""
    if not site.listen:
        return (Socket("", edge.https_port if site.https else edge.http_port),)
    found = (split_listen(one) for one in site.listen)
    return tuple(Socket(str(ipaddress.ip_address(one[0])) if one[0] else "", one[1]) for one in found if one)


def plain_sockets(site: Site, edge: Edge) -> tuple[Socket, ...]:
    """The sockets on which a site with HTTPS answers HTTP: the edge's HTTP port, on the addresses on which the site has
    the edge's HTTPS port."""
    if not site.https:
        return ()
    return tuple(Socket(one.address, edge.http_port) for one in own_sockets(site, edge) if one.port == edge.https_port)


def https_port(site: Site, edge: Edge) -> int:
    """The port to which redirects of a site lead: the edge's, if the site has it."""
    ports = [one.port for one in own_sockets(site, edge)]
    return edge.https_port if edge.https_port in ports else ports[0]


def http3_of(site: Site, edge: Edge) -> str:
    """HTTP/3 of a site: ``on``, ``off``, or ``auto`` where nginx can; the site's setting, or the one of the edge."""
    return (site.http3 or edge.http3) if site.https else "off"


def tls_sockets(sites: Iterable[Site], edge: Edge) -> tuple[Socket, ...]:
    """All sockets with TLS, each once."""
    return _once(one for site in sites if site.https for one in own_sockets(site, edge))


def sockets_of_unknown_names(edge: Edge) -> tuple[Socket, ...]:
    """The sockets with TLS on which no site is the default."""
    taken = tls_sockets((site for site in edge.sites if site.default_server), edge)
    return tuple(one for one in tls_sockets(edge.sites, edge) if one not in taken)


def http_sockets(sites: Iterable[Site], edge: Edge) -> tuple[Socket, ...]:
    """All sockets without TLS, each once."""
    return _once(
        one for site in sites for one in (plain_sockets(site, edge) if site.https else own_sockets(site, edge))
    )


def _once(sockets: Iterable[Socket]) -> tuple[Socket, ...]:
    return tuple(dict.fromkeys(sockets))


def address_to_probe(site: Site, edge: Edge) -> Socket:
    """Address and port on which the host itself can reach a site without the PROXY protocol."""
    first = own_sockets(site, edge)[0]
    return first if first.address and not edge.listen_proxy_protocol else Socket(LOOPBACK, first.port)
