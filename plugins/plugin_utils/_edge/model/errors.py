# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses to errors that the edge itself generates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..syntax.formats import ErrorText, Folder, MediaType, UriPath
from .record import Record, Reference
from .upstream import Upstream


@dataclass(frozen=True, slots=True)
class ErrorPage(Record):
    """The response for some status codes: a file, a page of a backend, or a text."""

    status: tuple[int, ...]
    page: UriPath | None
    root: Folder | None
    upstream: Annotated[Upstream, Reference("edge_upstreams")] | None
    text: ErrorText | None
    type: MediaType
