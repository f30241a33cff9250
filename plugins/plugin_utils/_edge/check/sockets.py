# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the names and sockets of sites: what nginx would refuse, and sites that could not be reached."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import LOOPBACK

from ..model.edge import Edge
from ..model.location import Location
from ..model.site import Site
from ..plan.sockets import Socket, http3_of, http_sockets, https_port, own_sockets, plain_sockets, tls_sockets
from ..syntax.addresses import is_pattern, split_listen
from ..syntax.paths import wrong_structure
from ..syntax.problems import Problem
from .groups import check_groups

HTTP, HTTPS = "HTTP", "HTTPS"


def check_sockets(edge: Edge) -> Iterator[Problem]:
    """Problems of names, sockets and default servers."""
    spoken = {Socket("", edge.http_port): (HTTP, "edge_http_port")}
    shared = {*http_sockets(edge.sites, edge), *tls_sockets(edge.sites, edge)}
    defaults: dict[Socket, Site] = {}
    for site in edge.sites:
        yield from _names(site)
        yield from _listen(site, edge, spoken, shared)
        yield from _default(site, edge, defaults)
        for location in site.locations:
            yield from _location(location, site, edge)


def taken_sockets(edge: Edge) -> Iterator[tuple[str, str, int, str]]:
    """Place, address, port and protocol of each socket that a site lists itself."""
    for site in edge.sites:
        for index, one in enumerate(site.listen):
            if found := split_listen(one):
                yield site.at(f"listen[{index}]"), *found, "tcp"
                if http3_of(site, edge) != "off" and found[1] == https_port(site, edge):
                    yield place_of_http3(site), *found, "udp"


def place_of_http3(site: Site) -> str:
    """The place of the setting by which a site has HTTP/3."""
    return site.at("http3") if site.http3 else "edge_http3"


def _names(site: Site) -> Iterator[Problem]:
    aliases = ((site.at(f"aliases[{index}]"), name) for index, name in enumerate(site.aliases))
    for place, name in ((site.at("name"), site.name), *aliases):
        if name == "_":
            yield Problem(place, "'_' is no host name", "write default_server: true to serve names that no site has")
    for index, name in enumerate(site.aliases):
        place = site.at(f"aliases[{index}]")
        if name.startswith("~"):
            if reason := wrong_structure(name[1:]):
                yield Problem(place, f"is not a regular expression: {reason}")
            else:
                yield from check_groups(place, name)
        if is_pattern(name) and site.https and not (site.certificate and _lists_names(site)):
            yield Problem(
                place,
                "no certificate can contain a pattern",
                "write certificate: an entry of edge_certificates whose names list or cover the hosts",
            )


def _lists_names(site: Site) -> bool:
    return site.certificate is not None and bool(site.certificate.names or site.certificate.source == "provided")


def _listen(site: Site, edge: Edge, spoken: dict[Socket, tuple[str, str]], shared: set[Socket]) -> Iterator[Problem]:
    """Problems of the sockets of a site.

    :param spoken: the protocol of each socket and the first that uses it; those of the site are added.
    :param shared: all sockets of sites.
    """
    seen: set[Socket] = set()
    for socket in plain_sockets(site, edge):
        protocol, user = spoken.setdefault(socket, (HTTP, site.place))
        if protocol == HTTPS:
            reason = f"redirects HTTP on port {socket.port}, which speaks HTTPS for {user}"
            yield Problem(site.at("listen"), reason, "write another port or address")
    for index, socket in enumerate(own_sockets(site, edge)):
        place = site.at(f"listen[{index}]") if site.listen else site.at("https")
        protocol, user = spoken.setdefault(socket, (HTTPS if site.https else HTTP, site.place))
        if socket.address and ipaddress.ip_address(socket.address).is_unspecified:
            yield Problem(place, f"{socket.address} is not one address", f"write {socket.port} for every address")
        elif socket.port == edge.status_port:
            yield Problem(place, f"port {socket.port} is already taken by edge_status_port", "write another port")
        elif socket in seen:
            yield Problem(place, "is listed twice", "remove one of them")
        elif (protocol == HTTPS) is not site.https:
            yield Problem(place, f"port {socket.port} speaks {protocol} for {user}", "write another port or address")
        elif socket.address == LOOPBACK and Socket("", socket.port) in shared and not edge.listen_proxy_protocol:
            reason = f"the checks of the other sites on port {socket.port} come over this address"
            yield Problem(place, reason, "write another address such as 127.0.0.2, or another port")
        seen.add(socket)


def _default(site: Site, edge: Edge, defaults: dict[Socket, Site]) -> Iterator[Problem]:
    if not site.default_server:
        return
    for socket in (*own_sockets(site, edge), *plain_sockets(site, edge)):
        other = defaults.setdefault(socket, site)
        if other is not site:
            reason = f"{other.place} is the default server of the same port"
            yield Problem(site.at("default_server"), reason, "remove one of them")
            return
    yield from _authorities(site, edge)


def _authorities(site: Site, edge: Edge) -> Iterator[Problem]:
    """nginx verifies certificates of clients that name no site by the authority of the default server."""
    if site.client_certificates is None:
        return
    sockets = {*own_sockets(site, edge)}
    for other in edge.sites:
        theirs = other.client_certificates
        if theirs and theirs.ca != site.client_certificates.ca and not sockets.isdisjoint(own_sockets(other, edge)):
            reason = f"clients with a certificate of this site's CA could open {other.name}, which has another CA"
            yield Problem(site.at("default_server"), reason, "make a site without client_certificates the default")
            return


def _location(location: Location, site: Site, edge: Edge) -> Iterator[Problem]:
    certificates = site.client_certificates
    if not location.https:
        if not site.https:
            yield Problem(location.at("https"), "the whole site has https: false", "remove it")
        elif not plain_sockets(site, edge):
            reason = f"the site does not listen on port {edge.https_port}, so it has no redirect to HTTPS"
            yield Problem(location.at("https"), reason, "remove it")
        elif location.client_certificate or (certificates and certificates.required):
            yield Problem(location.at("https"), "client certificates require TLS", "remove one of them")
    if location.client_certificate:
        if certificates is None:
            reason = "needs client_certificates of the site"
            yield Problem(location.at("client_certificate"), reason, "write client_certificates with required: false")
        elif certificates.required:
            reason = "has no effect, because the whole site requires a client certificate"
            yield Problem(location.at("client_certificate"), reason, "write client_certificates.required: false")
