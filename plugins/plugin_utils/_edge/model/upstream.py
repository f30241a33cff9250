# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstreams and their backends."""

from __future__ import annotations

from dataclasses import dataclass

from ..syntax.formats import Address, EdgeFile, Expression, Hostname, Name, Seconds, Time, Word, ZoneSize
from .record import Record


@dataclass(frozen=True, slots=True)
class Server(Record):
    """A backend."""

    address: Address
    weight: int
    max_fails: int
    fail_timeout: Seconds
    max_conns: int
    backup: bool
    down: bool


@dataclass(frozen=True, slots=True)
class UpstreamTls(Record):
    """TLS to backends: the name that their certificate must have, and its CA."""

    name: Hostname
    ca: EdgeFile
    verify: bool


@dataclass(frozen=True, slots=True)
class Upstream(Record):
    """A group of backends."""

    name: Name
    balance: Word
    hash_key: Expression | None
    hash_consistent: bool
    servers: tuple[Server, ...]
    keepalive: int
    keepalive_requests: int
    keepalive_timeout: Time
    zone_size: ZoneSize
    resolve: Word
    tls: UpstreamTls | None
