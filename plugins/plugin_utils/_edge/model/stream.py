# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP and UDP services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..syntax.formats import Directives, Hostname, ListenAddress, Name, Network, Time, Word
from .limits import ConnectionLimitUse
from .record import Record, Reference
from .upstream import Upstream


@dataclass(frozen=True, slots=True)
class ServerNames(Record):
    """The upstream of TLS connections with some server names."""

    names: tuple[Hostname, ...]
    upstream: Annotated[Upstream, Reference("edge_upstreams")]


@dataclass(frozen=True, slots=True)
class Stream(Record):
    """A TCP or UDP service that is proxied without reading it."""

    name: Name
    listen: ListenAddress
    protocol: Word
    upstream: Annotated[Upstream, Reference("edge_upstreams")] | None
    ssl_preread: tuple[ServerNames, ...]
    proxy_connect_timeout: Time
    proxy_timeout: Time
    proxy_responses: int | None
    proxy_protocol: bool
    listen_proxy_protocol: bool
    allow: tuple[Network, ...]
    deny: tuple[Network, ...]
    connection_limits: tuple[ConnectionLimitUse, ...]
    access_log: bool
    extra_directives: Directives

    @property
    def upstreams(self) -> tuple[tuple[str, Upstream], ...]:
        """Every upstream that it passes to, each with the place of the reference."""
        own = ((self.at("upstream"), self.upstream),) if self.upstream else ()
        return (*own, *((names.at("upstream"), names.upstream) for names in self.ssl_preread))
