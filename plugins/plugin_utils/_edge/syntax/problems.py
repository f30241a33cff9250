# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems of a model, as the operator reads them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.redaction import redacted

from .addresses import in_ascii

LONGEST_SHOWN = 100
"""Characters of a wrong value that an error repeats."""


@dataclass(frozen=True)
class Problem:
    """One thing to fix.

    :param path: place in the model, such as ``edge_sites[2] (www.example.com).locations[0].cache.name``, or the name of
        a file that cannot be read.
    :param reason: what is wrong there.
    :param remedy: what to write instead; default none.
    """

    path: str
    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        text = redacted(f"{self.path}: {self.reason}" + (f"; {self.remedy}" if self.remedy else ""))
        return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def invalid(value: str) -> str:
    """The reason of a problem that repeats a wrong value, or the beginning of a long one."""
    shown = value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…"
    return f"invalid value {shown!r}"


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """``did you mean 'auth'?`` for the known word that is closest to ``word``; empty when none is close.

    :param cutoff: least likeness, from 0 to 1 (:func:`difflib.get_close_matches`).
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f"did you mean '{close[0]}'?" if close else ""


_LABEL = re.compile(r"[A-Za-z0-9_.*-]{1,253}", re.ASCII)


def inside(place: str, key: str) -> str:
    """The place of ``key`` inside ``place``; an empty place is the host's variables."""
    return f"{place}.{key}" if place else key


def item(place: str, index: int, value: Any) -> str:
    """The place of an item of a list: ``edge_sites[0] (www.example.com)``, or ``allow[0]`` if it has no valid name."""
    name = value.get("name") if isinstance(value, Mapping) else None
    text = str(name) if isinstance(name, (str, int)) and not isinstance(name, bool) else ""
    return f"{place}[{index}]" + (f" ({text})" if _LABEL.fullmatch(in_ascii(text)) else "")


def is_within(path: str, place: str) -> bool:
    """Whether ``path`` names ``place`` or something inside it."""
    return path == place or path.startswith((place + ".", place + "["))
