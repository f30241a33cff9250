# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP and UDP services."""

from __future__ import annotations

from dataclasses import dataclass

from ..syntax.formats import Directives, Hostname, ListenAddress, Name, Network, Time, Word
from .limits import ConnectionLimitUse
from .record import Record


@dataclass(frozen=True)
class ServerNames(Record):
    """Where a stream passes the TLS of some server names to."""

    names: tuple[Hostname, ...]
    upstream: Name


@dataclass(frozen=True)
class Stream(Record):
    """A TCP or UDP service that is passed on unread."""

    name: Name
    listen: ListenAddress
    protocol: Word
    upstream: Name | None
    ssl_preread: tuple[ServerNames, ...]
    proxy_connect_timeout: Time
    proxy_timeout: Time
    proxy_responses: int | None
    proxy_protocol: bool
    listen_proxy_protocol: bool
    allow: tuple[Network, ...]
    deny: tuple[Network, ...]
    connection_limit: ConnectionLimitUse | None
    access_log: bool
    extra_directives: Directives

    @property
    def upstreams(self) -> tuple[tuple[str, str], ...]:
        """Place and name of every upstream that it passes to."""
        own = ((self.at("upstream"), self.upstream),) if self.upstream else ()
        return (*own, *((names.at("upstream"), names.upstream) for names in self.ssl_preread))
