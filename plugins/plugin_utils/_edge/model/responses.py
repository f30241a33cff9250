# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to cookies of backends, and where requests are logged."""

from __future__ import annotations

from dataclasses import dataclass

from ..syntax.formats import CookieName, Hostname, LogFile, UriPath, Word
from .record import Record


@dataclass(frozen=True, slots=True)
class Cookies(Record):
    """Attributes of the cookies that a backend sets. None keeps those of the backend.

    :param names: cookies to which the flags apply; if empty, all.
    """

    domain: Hostname | None
    path: UriPath | None
    secure: bool | None
    http_only: bool | None
    same_site: Word | None
    names: tuple[CookieName, ...]

    @property
    def has_flags(self) -> bool:
        """Whether it changes flags."""
        return self.secure is not None or self.http_only is not None or self.same_site is not None


@dataclass(frozen=True, slots=True)
class Log(Record):
    """Where and how requests are logged.

    :param sample: percentage of requests; None for the one of the edge.
    """

    file: LogFile
    format: Word
    query: bool
    sample: int | None
