# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that hold the source of a script, such as passwords of a database: no location sends one as text."""

from __future__ import annotations

import re

SOURCES = r"\.(?:php\d?|phtml|phar|phps|inc)(?:/|~|\.(?:bak|old|orig|save|swp|tmp)$|$)"
"""Scripts, what they include, and the copies that editors leave of them; without regard to case."""
_SOURCES = re.compile(SOURCES, re.IGNORECASE)


def is_source(path: str) -> bool:
    """Whether a path may be that of the source of a script."""
    return _SOURCES.search(path) is not None
