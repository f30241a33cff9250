# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems of a model, as the operator reads them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing to fix.

    :param path: place in the inventory, such as ``edge_sites[2].locations[0].rate_limit.name``.
    :param reason: what is wrong there.
    :param remedy: what to write instead; default none.
    """

    path: str
    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.path.removesuffix(FILE_END)}: {self.reason}" + (f"; {self.remedy}" if self.remedy else "")


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """``did you mean 'auth'?`` for the known word that is closest to ``word``; empty when none is close.

    :param cutoff: least likeness, from 0 to 1 (:func:`difflib.get_close_matches`).
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f"did you mean '{close[0]}'?" if close else ""


FILE_END = ": "
"""Ends a place that is a file, such as ``sites.d/api.example.com.yml: ``; the place in the file follows."""


def inside(place: str, key: str) -> str:
    """The place of ``key`` inside ``place``; an empty place is the host's variables."""
    return f"{place}{key}" if not place or place.endswith(FILE_END) else f"{place}.{key}"


def is_within(path: str, place: str) -> bool:
    """Whether ``path`` names ``place`` or something inside it."""
    if place.endswith(FILE_END):
        return path.startswith(place)
    return path == place or path.startswith((place + ".", place + "["))
