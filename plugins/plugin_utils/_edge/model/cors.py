# SPDX-License-Identifier: GPL-3.0-or-later
"""Cross-origin requests."""

from __future__ import annotations

from dataclasses import dataclass

from ..syntax.formats import HeaderName, Method, Origin, Seconds
from .record import Record


@dataclass(frozen=True, slots=True)
class Cors(Record):
    """What browsers allow scripts of other origins (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

    origins: tuple[Origin, ...]
    methods: tuple[Method, ...]
    headers: tuple[HeaderName, ...]
    expose: tuple[HeaderName, ...]
    credentials: bool
    max_age: Seconds
