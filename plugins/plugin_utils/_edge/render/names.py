# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of the names of sites."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.edge import Edge
from ..model.site import Site
from ..plan.sockets import own_sockets, plain_sockets
from .site import HTTP_PORT, HTTPS_PORT

MOST_KNOWN_HOSTS = 1000
LONGEST_KNOWN_HOST = 50
"""Characters for which two names and a port fit into a bucket of nginx's hash of maps."""


def known_hosts(edge: Edge) -> tuple[str, ...]:
    """Name and Host header of most requests: with these in a table, nginx matches no expression."""
    hosts = [
        (name, port)
        for site in edge.sites
        for name in site.host_names
        if not name.startswith("*.")
        for port in ("", *_unusual_ports(site, edge))
    ]
    if len(hosts) > MOST_KNOWN_HOSTS or any(len(name) > LONGEST_KNOWN_HOST for name, _port in hosts):
        return ()
    return tuple(f"{name} {name}{port}" for name, port in hosts)


def _unusual_ports(site: Site, edge: Edge) -> Iterator[str]:
    ports = {socket.port for socket in (*plain_sockets(site, edge), *own_sockets(site, edge))}
    return (f":{port}" for port in sorted(ports - {HTTP_PORT, HTTPS_PORT}))


def hashed_names(edge: Edge) -> Iterator[str]:
    """The names that nginx keeps in hashes: all but regular expressions."""
    return (name for site in edge.sites for name in site.names if not name.startswith("~"))
