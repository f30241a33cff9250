# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths that a backend may take for a protected one although nginx does not.

Backends remove path parameters (``/admin;x/``) and white space (``/admin%20/``) before they look at a path; some
resolve ``/public/..;/admin/`` then. Front controllers take ``/index.php/admin/`` for ``/admin/``. nginx chooses the
location by the path as it is. Such paths get 400 on sites whose access rules depend on the path. The expressions are
for ``$uri``, which nginx has decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model.location import Location
from ..model.site import Site
from .access_rules import has_own_rules

_BLANK = r"[\x01-\x20\x7f\x85\xa0\xc2]*"
"""White space and control characters, the no-break spaces of Latin-1 and UTF-8 included."""
_PARAMETERS = r"(?:;[^/]*)?"
_GONE = rf"(?:/{_BLANK}(?:\.{_BLANK})?{_PARAMETERS})*"
"""Segments of which nothing is left."""
_NOTHING = r"(?![\s\S])"
"""The end of the path; ``$`` also matches before a line break."""
_SLASH_OR_NOTHING = "(?![^/])"
_FIRST_SCRIPT = r"(?:(?!\.php/)[\s\S])*\.php"
DOT_SEGMENT = r"/\.\.?(?:;|[\x01-\x20\x7f\x85\xa0\xc2])"
"""A segment that becomes ``.`` or ``..``."""
LONGEST = 1500
"""Characters of an expression; nginx reads at most 4096 bytes at a time."""


def confusing_paths(site: Site) -> tuple[str, ...]:
    """Expressions of the paths that a site refuses."""
    rules = [has_own_rules(part) or getattr(part, "public", False) for part in site.parts]
    rules += [bool(location.deny_if) for location in site.locations]
    if not any(rules):
        return ()
    restricted = [one for one in site.locations if has_own_rules(one) or one.deny_if]
    protected = [one for one in restricted if one.match != "regex" and one.path != "/"]
    executes = any(location.php for location in site.locations)
    behind_scripts = (_expression(location, behind_scripts=True) for location in protected if executes)
    return (DOT_SEGMENT, *dict.fromkeys((*map(_expression, protected), *behind_scripts)))


def _expression(location: Location, *, behind_scripts: bool = False) -> str:
    """Paths that are the location's once parameters and white space are removed, and are not its own.

    :param behind_scripts: those after a script instead, such as ``/index.php/admin/``: a front controller takes them
        for ``/admin/``.
    """
    plain = location.path.rstrip("/")
    segments = [segment for segment in plain.split("/") if segment]
    if location.match == "exact":
        own, end = re.escape(location.path) + _NOTHING, _NOTHING
    elif location.path.endswith("/"):
        own, end = re.escape(plain) + _SLASH_OR_NOTHING, _SLASH_OR_NOTHING
    else:
        own, end = re.escape(plain), ""
    for between in (r"\s*", ""):
        spelled = "".join(f"{_GONE}/{_BLANK}{body}" for body in _bodies(segments, between, end == ""))
        found = f"^{_FIRST_SCRIPT}{spelled}{end}" if behind_scripts else f"^(?!{own}){spelled}{end}"
        if len(found) <= LONGEST:
            return found
    return f"^{_FIRST_SCRIPT if behind_scripts else f'(?!{own})'}{re.escape(plain)}{_BLANK}{_PARAMETERS}{end}"


def _bodies(segments: list[str], between: str, is_open: bool) -> Iterator[str]:
    for number, segment in enumerate(segments, start=1):
        last = number == len(segments)
        name = between.join(re.escape(character) for character in segment)
        yield name if last and is_open else f"{name}{_BLANK}{_PARAMETERS}"
