# SPDX-License-Identifier: GPL-3.0-or-later
"""Times and sizes as nginx writes them: a whole number and a unit (``src/core/ngx_parse.c``)."""

from __future__ import annotations

import re
from collections.abc import Mapping

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
YEAR = 365 * DAY

_SECONDS = {"": 1, "ms": 0.001, "s": 1, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "M": 30 * DAY, "y": YEAR}
_BYTES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_QUANTITY = re.compile(r"(\d{1,9})([A-Za-z]*)", re.ASCII)


def seconds(text: str) -> float | None:
    """Seconds of a time such as ``30s`` or ``10m``; None when it is none."""
    return _amount(text, _SECONDS)


def size(text: str) -> int | None:
    """Bytes of a size such as ``8k`` or ``1g``; None when it is none."""
    amount = _amount(text.lower(), _BYTES)
    return None if amount is None else int(amount)


def _amount(text: str, units: Mapping[str, float]) -> float | None:
    found = _QUANTITY.fullmatch(text)
    return int(found[1]) * units[found[2]] if found and found[2] in units else None
