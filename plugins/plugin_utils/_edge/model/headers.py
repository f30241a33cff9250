# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of responses."""

from __future__ import annotations

from dataclasses import dataclass

from ..syntax.formats import HeaderName, HeaderValue
from .record import Record


@dataclass(frozen=True)
class ResponseHeaders(Record):
    """Headers of responses that are set, added and removed."""

    set: dict[HeaderName, HeaderValue]
    add: dict[HeaderName, HeaderValue]
    remove: tuple[HeaderName, ...]
