# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of requests to backends: always the complete set, in each block that sets one.

A nested ``proxy_set_header`` drops all inherited ones, so a block either repeats the set or says nothing.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..model.edge import Edge
from ..model.location import Location
from ..model.site import Site
from ..policy.dropped_headers import COMMON_FIRST, DROPPED, DROPPED_LOWER, OF_CONNECTIONS, WIDESPREAD
from ..policy.effective import FORWARDED_NAMES, Effective, forwarded
from ..policy.header_table import OF_APPLICATIONS, OF_GRPC, fitting
from ..policy.response_headers import merged
from ..syntax.quote import quote
from .response_headers import ValueMap

SET_HEADER = ("proxy", "grpc")
"""Protocols whose headers are set by a directive that blocks inherit."""

UPGRADE = (("Upgrade", "$edge_upgrade"), ("Connection", "$edge_connection"))
KEEPALIVE = (("Connection", ""),)


@dataclass(frozen=True, slots=True)
class DroppedHeaders:
    """A file of directives that drop headers of clients.

    :param protocol: begins the directives: ``proxy``, ``grpc``, ``fastcgi`` …
    :param own: names in lower case that the block which includes the file sets itself.
    """

    protocol: str
    own: frozenset[str]

    @property
    def file(self) -> str:
        """Its path in the generation."""
        matter = DROPPED_LOWER if self.protocol == "proxy" else self.own - FORWARDED_NAMES
        names = ",".join(sorted(self.own & matter))
        digest = f"_{hashlib.sha256(names.encode()).hexdigest()[:8]}" if names else ""
        return f"{self.protocol}_dropped_headers{digest}.conf"

    @property
    def unset(self) -> tuple[str, ...]:
        """The names on the list that the block does not set."""
        return _unset(self.own)

    @property
    def names(self) -> tuple[str, ...]:
        """The headers that the file drops, as far as nginx's hash has room for them."""
        if self.protocol == "proxy":
            return self.unset
        spelled = str if self.protocol == "grpc" else variable_name
        common = tuple(spelled(name.lower()) for name in COMMON_FIRST if name.lower() not in self.own)
        of_nginx = OF_GRPC if self.protocol == "grpc" else OF_APPLICATIONS
        first = {spelled(name) for name in (*of_nginx, *self.own, *map(str.lower, self.of_connections))}
        widespread = {spelled(name.lower()) for name in WIDESPREAD}
        room = fitting(tuple(sorted(first | widespread)), tuple(name for name in common if name not in widespread))
        if room:
            room |= widespread
        else:  # the model has so many headers itself that these do not fit
            room = fitting(tuple(sorted(first)), common)
        return tuple(name for name in self.unset if spelled(name.lower()) in room)

    @property
    def of_connections(self) -> tuple[str, ...]:
        """Headers that nginx itself keeps from other backends than applications."""
        return () if self.protocol in SET_HEADER else OF_CONNECTIONS

    @property
    def refused(self) -> tuple[str, ...]:
        """The headers that do not fit: requests with one of these are rejected."""
        return _refused(self)

    @property
    def refusal(self) -> ValueMap | None:
        """A variable that is set for such requests."""
        if not self.refused:
            return None
        source = "".join(f"$http_{variable_name(name)}" for name in self.refused)
        digest = hashlib.sha256(source.encode()).hexdigest()[:8]
        return ValueMap(source, f"$edge_forged_{digest}", (("", ""),), "1")

    @property
    def directives(self) -> tuple[str, ...]:
        """The directives of the file. FastCGI, uwsgi and SCGI turn headers into parameters."""
        if self.protocol in SET_HEADER:
            return tuple(f'{self.protocol}_set_header {name} ""' for name in self.names)
        names = (*self.of_connections, *self.names)
        return tuple(f'{self.protocol}_param {parameter(name)} "" if_not_empty' for name in names)


# Most blocks of an edge have the same headers.
@functools.cache
def _unset(own: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in DROPPED if name.lower() not in own)


@functools.cache
def _refused(dropped: DroppedHeaders) -> tuple[str, ...]:
    names = set(dropped.names)
    return tuple(name for name in dropped.unset if name not in names)


@dataclass(frozen=True, slots=True)
class RequestHeaders:
    """The complete set of one block."""

    dropped: DroppedHeaders
    pairs: tuple[tuple[str, str], ...]

    def directives(self, generation: str) -> tuple[str, ...]:
        """The lines of the block."""
        protocol = self.dropped.protocol
        include = f"include /etc/nginx/generations/{generation}/{self.dropped.file}"
        if protocol in SET_HEADER:
            return (include, *(f"{protocol}_set_header {name} {quote(value)}" for name, value in self.pairs))
        # An empty parameter is not sent, and the header of the client is not sent either.
        return (
            include,
            *(f"{protocol}_param {parameter(name)} {quote(value)} if_not_empty" for name, value in self.pairs),
        )


def request_headers(
    protocol: str,
    variables: Effective,
    levels: Sequence[Edge | Site | Location],
    *,
    websocket: bool = False,
    prefix: str = "",
    more: Iterable[tuple[str, str]] = (),
) -> RequestHeaders:
    """The set of a block.

    :param levels: the edge, then the site and the location where there are any; a deeper one takes precedence.
    :param websocket: whether upgrades are passed on.
    :param prefix: the part of the path that the backend does not see; empty if it sees the whole path.
    :param more: what access control and caching add; the model cannot change it.
    """
    base = dict(forwarded(variables))
    if protocol == "proxy":
        base.update(UPGRADE if websocket else KEEPALIVE)
    if prefix:
        base["X-Forwarded-Prefix"] = prefix
    base = merged(base, {name: f"$http_{variable_name(name)}" for name in _passed(levels)})
    for level in levels:
        base = merged(base, level.request_headers)
    base = merged(base, dict(more))
    return RequestHeaders(DroppedHeaders(protocol, frozenset(map(str.lower, base))), tuple(base.items()))


def _passed(levels: Iterable[Edge | Site | Location]) -> tuple[str, ...]:
    named: Mapping[str, str] = {name.lower(): name for level in levels for name in level.pass_request_headers}
    return tuple(named.values())


def variable_name(header: str) -> str:
    """The end of the variables that nginx has for a header, as in ``$http_x_real_ip``."""
    return header.lower().replace("-", "_")


def parameter(header: str) -> str:
    """The parameter that a header becomes, such as ``HTTP_X_REAL_IP``."""
    return "HTTP_" + header.upper().replace("-", "_")


def unkeyed(levels: Sequence[Edge | Site | Location]) -> tuple[str, ...]:
    """Expressions with request data that are sent to the backend in addition to the URI: parts of every cache key."""
    own: dict[str, str] = {}
    for level in levels:
        own = merged(own, level.request_headers)
    passed = [f"${{http_{variable_name(name)}}}" for name in _passed(levels)]
    return tuple(dict.fromkeys([*passed, *(value for value in own.values() if "$" in value)]))
