# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts about a configuration that its host needs: sockets, certificates and modules.

They come from the view objects and, for raw directives, from the text of the user.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Facts
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import LOOPBACK
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.sockets import Listener
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import FULLCHAIN

from ..model.edge import Edge
from ..plan.sockets import address_to_probe
from ..syntax.raw import Directive, read_raw
from .edge import EdgeView
from .listen import Listen

ANY_IPV4 = "0.0.0.0"  # noqa: S104 - nginx listens there, we do not
DEFAULT_PORT = 80
"""The port of a ``listen`` directive without one (ngx_http_core_module)."""


def facts_of(edge: Edge, view: EdgeView) -> Facts:
    """The facts about the configuration that a view renders."""
    raw = list(_raw_directives(edge))
    listens = [*_listens(view), *(one for directive in raw if (one := _raw_listen(directive)) is not None)]
    return Facts(
        listeners=tuple(sorted({_listener(one) for one in listens})),
        tls_port=next((one.port for one in listens if _accepts_tls(one)), None),
        pairs=tuple(sorted({*_pairs(view), *(pair for directive in raw if (pair := _raw_pair(directive)))})),
        modules=view.modules,
        sockets=_elsewhere(edge),
    )


def _elsewhere(edge: Edge) -> dict[str, tuple[str, int, str]]:
    """The names of sites with TLS that loopback and the edge's HTTPS port do not reach, and of their certificates."""
    found: dict[str, tuple[str, int, str]] = {}
    usual: set[str] = set()
    for site in edge.sites:
        socket = address_to_probe(site, edge)
        certificates = [one for one in (site.certificate, site.second_certificate) if one]
        names = [name for one in certificates for name in one.names if name not in site.host_names]
        if site.https and socket != (LOOPBACK, edge.https_port):
            found.update({name: (socket.address, socket.port, name) for name in site.host_names})
            for name in names:
                found.setdefault(name, (socket.address, socket.port, site.name))
        elif site.https:
            usual.update(names)
    return {name: place for name, place in found.items() if name not in usual}


def _listens(view: EdgeView) -> Iterator[Listen]:
    yield Listen("127.0.0.1", view.status_port)
    yield from view.default_listen
    yield from view.default_tls_listen
    for site in view.sites:
        yield from (*site.listen, *site.redirect_listen)
    for stream in view.streams.servers if view.streams else ():
        yield from stream.listen


def _pairs(view: EdgeView) -> Iterator[str]:
    if view.default_tls_listen and view.unknown_names_certificate:
        yield view.unknown_names_certificate
    yield from (folder for site in view.sites if site.https for folder in site.certificates)


def _listener(listen: Listen) -> Listener:
    udp = "quic" in listen.parameters or "udp" in listen.parameters
    return Listener(str(ipaddress.ip_address(listen.address or ANY_IPV4)), listen.port, udp)


def _accepts_tls(listen: Listen) -> bool:
    """Whether a listener accepts TLS without the PROXY protocol on loopback."""
    words = listen.parameters
    return listen.address in ("", LOOPBACK) and "ssl" in words and "proxy_protocol" not in words


def _raw_directives(edge: Edge) -> Iterator[Directive]:
    texts = [edge.extra_directives, edge.stream_extra_directives]
    texts += [stream.extra_directives for stream in edge.streams]
    texts += [part.extra_directives for site in edge.sites for part in site.parts]
    for text in texts:
        if "listen" in text or "ssl_certificate" in text:
            yield from read_raw(text).directives


def _raw_listen(directive: Directive) -> Listen | None:
    """A ``listen`` directive of the user; None for other directives, unix sockets and host names."""
    if directive.name != "listen" or len(directive.words) == 1:
        return None
    place, *parameters = directive.words[1:]
    address, _separator, port = place.rpartition(":")
    if not port.isdigit():
        address, port = place, str(DEFAULT_PORT)
    address = address.strip("[]")
    try:
        ipaddress.ip_address(address if address not in ("", "*") else ANY_IPV4)
    except ValueError:
        return None
    return Listen("" if address == "*" else address, int(port), tuple(parameters))


def _raw_pair(directive: Directive) -> str:
    """The directory of a ``ssl_certificate`` of the user that has the file names of the collection; else empty."""
    if directive.name != "ssl_certificate" or len(directive.words) == 1:
        return ""
    folder, _separator, file = directive.words[1].rpartition("/")
    return folder if folder.startswith("/") and file == FULLCHAIN else ""
