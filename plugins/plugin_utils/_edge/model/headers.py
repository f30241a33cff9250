# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers and lifetimes of responses."""

from __future__ import annotations

from dataclasses import dataclass

from ..syntax.formats import HeaderName, HeaderValue, Literal, MediaRange, Seconds, UriPattern
from .record import Record


@dataclass(frozen=True, slots=True)
class ResponseHeaders(Record):
    """Headers of responses that are set, added and removed."""

    set: dict[HeaderName, HeaderValue]
    add: dict[HeaderName, HeaderValue]
    remove: tuple[HeaderName, ...]


@dataclass(frozen=True, slots=True)
class Lifetime(Record):
    """A rule for the lifetime of responses; it applies to all types and paths that it does not restrict."""

    types: tuple[MediaRange, ...]
    pattern: UriPattern | None
    max_age: Seconds | None
    immutable: bool
    cache_control: Literal | None
