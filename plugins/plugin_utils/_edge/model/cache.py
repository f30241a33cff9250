# SPDX-License-Identifier: GPL-3.0-or-later
"""Caches, and how locations use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..syntax.formats import CookieName, Expression, HeaderName, Levels, Name, Seconds, Size, ZoneSize
from .record import Record, Reference


@dataclass(frozen=True, slots=True)
class Cache(Record):
    """A cache on disk."""

    name: Name
    max_size: Size
    inactive: Seconds
    levels: Levels
    zone_size: ZoneSize


@dataclass(frozen=True, slots=True)
class CacheValid(Record):
    """The lifetime of responses with some status codes."""

    status: tuple[int, ...]
    time: Seconds


@dataclass(frozen=True, slots=True)
class CacheUse(Record):
    """A location's use of a cache."""

    cache: Annotated[Cache, Reference("edge_caches", option="name")]
    key: Expression
    min_uses: int
    valid: tuple[CacheValid, ...]
    use_stale: bool
    session_cookies: tuple[CookieName, ...]
    ignore_cookies: tuple[CookieName, ...]
    credential_headers: tuple[HeaderName, ...]
