# SPDX-License-Identifier: GPL-3.0-or-later
"""Redirects of paths."""

from __future__ import annotations

from dataclasses import dataclass

from ..syntax.formats import RedirectTarget, UriPattern, Word
from .record import Record


@dataclass(frozen=True, slots=True)
class Redirect(Record):
    """A redirect. The kind of ``from_`` depends on ``match``, see :mod:`..check.redirects`."""

    from_: UriPattern
    to: RedirectTarget
    match: Word
    status: int
    public: bool

    @property
    def is_local(self) -> bool:
        """Whether the target is a path of the same site."""
        return not self.to.startswith("http")

    @property
    def path(self) -> str:
        """The target without its query and fragment."""
        return self.to.partition("#")[0].partition("?")[0]
