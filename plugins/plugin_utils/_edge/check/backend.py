# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of how a location talks to its backend: protocol, PHP, parameters and buffers."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.edge import Edge
from ..model.location import Location, Php
from ..policy.cgi_parameters import SET_BY_EDGE
from ..policy.effective import chosen_by_clients
from ..syntax import quantities
from ..syntax.problems import Problem
from ..syntax.raw import PROTOCOLS

PROXY_BUFFER_SIZE = "8k"
PROXY_BUFFERS = "16 8k"
"""The default of every location."""
WITHOUT_EFFECT = {
    "grpc": (
        "strip_prefix",
        "websocket",
        "cache",
        "proxy_request_buffering",
        "proxy_max_temp_file_size",
        "proxy_buffer_size",
        "proxy_buffers",
    ),
    **dict.fromkeys(PROTOCOLS, ("websocket",)),
    "php": ("strip_prefix", "websocket"),
}
"""Protocol -> options that it does not have."""
NAMES = {"fastcgi": "FastCGI", "scgi": "SCGI"}
"""Protocols without TLS."""


def check_backend(location: Location) -> Iterator[Problem]:
    """Problems of one location on its own."""
    of_proxying = {
        "strip_prefix": location.strip_prefix,
        "websocket": location.websocket,
        "cache": location.cache,
        "proxy_send_timeout": location.proxy_send_timeout,
        "proxy_read_timeout": location.proxy_read_timeout,
        "proxy_request_buffering": not location.proxy_request_buffering,
        "proxy_max_temp_file_size": location.proxy_max_temp_file_size,
        "proxy_buffer_size": location.proxy_buffer_size,
        "proxy_buffers": location.proxy_buffers,
    }
    if not location.backend:
        given = {"protocol": location.protocol != "http", **of_proxying}
        for option, value in given.items():
            if value:
                yield Problem(location.at(option), "needs upstream in the same location")
    used = "php" if location.php else location.protocol
    for option in WITHOUT_EFFECT.get(used, ()):
        if of_proxying[option]:
            reason = f"has no effect with {'php' if location.php else f'protocol: {used}'}"
            yield Problem(location.at(option), reason, "remove one of them")
    if location.strip_prefix and location.root and location.protocol == "http" and not location.php:
        reason = "nginx does not remove a prefix where files come first"
        yield Problem(location.at("strip_prefix"), reason, "write two locations, one with root and one with upstream")
    yield from _buffers(location)
    if location.websocket and location.cache:
        remedy = "use a separate location for the cached paths"
        yield Problem(location.at("cache"), "a WebSocket location cannot be cached", remedy)
    if location.php:
        yield from _php(location, location.php)
    yield from _tls(location)
    yield from _parameters(location)


def _buffers(location: Location) -> Iterator[Problem]:
    """nginx passes on up to twice the larger of both sizes while it reads, and needs more than that next to one buffer
    (``ngx_http_proxy_merge_loc_conf``, "proxy_busy_buffers_size")."""
    number, _space, each = (location.proxy_buffers or PROXY_BUFFERS).partition(" ")
    buffer = quantities.size(each)
    head = quantities.size(location.proxy_buffer_size or PROXY_BUFFER_SIZE)
    if buffer is not None and head is not None and 2 * max(head, buffer) >= (int(number) - 1) * buffer:
        option = "proxy_buffers" if location.proxy_buffers else "proxy_buffer_size"
        least = 2 * max(head, buffer) // buffer + 2
        reason = f"{number} buffers of {each} are too few for a proxy_buffer_size of {head // 1024}k"
        yield Problem(location.at(option), reason, f"write proxy_buffers: {least} {each}")
    file = quantities.size(location.proxy_max_temp_file_size or "0")
    if file and buffer is not None and head is not None and file < max(head, buffer):
        least_size = f"{max(head, buffer) // 1024}k"
        reason = f"a file of {location.proxy_max_temp_file_size} is smaller than one buffer of {least_size}"
        remedy = f"write 0 for no files, or at least {least_size}"
        yield Problem(location.at("proxy_max_temp_file_size"), reason, remedy)


def _php(location: Location, php: Php) -> Iterator[Problem]:
    if location.upstream:
        yield Problem(location.at("upstream"), "has no effect with php, which has its own upstream", "remove it")
    if location.protocol not in ("http", "fastcgi"):
        yield Problem(location.at("protocol"), "has no effect with php, which uses FastCGI", "remove it")
    if not location.root:
        yield Problem(location.at("php"), "needs root in the same location")
    if location.match == "exact":
        if not location.path.endswith(".php"):
            reason = f"{location.path!r} is no script, and php with match: exact executes only this path"
            yield Problem(location.at("path"), reason, "write the path of a script such as /login.php")
        for place, given in (
            (php.at("front_controller"), php.front_controller),
            (php.at("scripts"), php.scripts),
            (location.at("index"), location.index),
            (location.at("try_files"), location.try_files),
        ):
            if given:
                yield Problem(place, "has no effect with match: exact", "remove it")


def _tls(location: Location) -> Iterator[Problem]:
    if location.backend and location.backend.tls and location.backend_protocol in NAMES:
        place = location.php.at("upstream") if location.php else location.at("upstream")
        reason = f"has tls, and nginx cannot connect to {NAMES[location.backend_protocol]} backends over TLS"
        yield Problem(place, reason, f"remove tls from '{location.backend.name}', or use a unix socket or a tunnel")


def _parameters(location: Location) -> Iterator[Problem]:
    if location.parameters and location.backend_protocol not in PROTOCOLS:
        yield Problem(location.at("parameters"), "needs php, or protocol: fastcgi, uwsgi or scgi")
    for name, value in location.parameters.items():
        place = location.at(f"parameters.{name}")
        if name.upper().startswith("HTTP_"):
            yield Problem(place, "is a header of the request", "write request_headers: {NAME: value}")
        elif name.upper() in SET_BY_EDGE:
            yield Problem(place, f"the edge sets {name.upper()} itself", "remove it")
        elif chosen_by_clients(value):
            reason = "has a value that clients choose, and applications trust parameters"
            yield Problem(place, reason, "write a fixed value, or a variable of the edge such as $remote_addr")


def check_protocols(edge: Edge) -> Iterator[Problem]:
    """Servers that would be talked to in two protocols, of which they understand one."""
    first = {
        part.auth_request.upstream.name: ("http", part.auth_request.at("upstream"))
        for site in edge.sites
        for part in site.parts
        if part.auth_request
    }
    for site in edge.sites:
        for location in site.locations:
            if location.backend is None:
                continue
            protocol = "fastcgi" if location.php else location.protocol
            place = location.php.at("upstream") if location.php else location.at("upstream")
            other, where = first.setdefault(location.backend.name, (protocol, place))
            if other != protocol and {other, protocol} & set(PROTOCOLS):
                reason = f"'{location.backend.name}' is used with protocol: {protocol} here and with {other} in {where}"
                yield Problem(place, reason, "write the same protocol, or another upstream")
