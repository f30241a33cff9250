# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifetimes of responses: ``Cache-Control`` by status, path and media type.

nginx's own directive ``expires`` also applies to redirects and to 304, and replaces the header of the backend. Here a
map gives the value, and it is empty unless the status is 200 or 206 and the response names no lifetime.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..model.headers import Lifetime
from ..policy.response_headers import LIFETIME_STATUSES
from ..syntax import quantities
from .response_headers import Added, ValueMap, mapped, value_map

NAME = "Cache-Control"
_OWN = "$sent_http_cache_control$sent_http_expires"


def lifetime_header(rules: Sequence[Lifetime], *, private: bool = False) -> Added:
    """The header that rules add; the first rule that matches applies.

    :param rules: at least one.
    :param private: whether a service decides about the requests, by cookies that shared caches do not know.
    """
    paths = _path_maps(rules)
    if not paths and not any(rule.types for rule in rules):
        entries = tuple((f"{status}:", lifetime(rules[0], private=private)) for status in LIFETIME_STATUSES)
        return mapped(NAME, value_map(NAME, f"$status:{_OWN}", entries))
    flags = "".join(one.variable for one in paths.values())
    source = f"$status:{_OWN}:{flags}:$sent_http_content_type"
    entries = tuple((_expression(rule, list(paths)), lifetime(rule, private=private)) for rule in rules)
    return mapped(NAME, value_map(NAME, source, entries), *paths.values())


def lifetime(rule: Lifetime, *, private: bool = False) -> str:
    """The value of ``Cache-Control``; a time becomes seconds. A value of the model stays as it is."""
    if rule.cache_control is not None:
        return rule.cache_control
    age = f"{'private, ' if private else ''}max-age={int(quantities.seconds(rule.max_age or '') or 0)}"
    return f"{age}, immutable" if rule.immutable else age


def _path_maps(rules: Sequence[Lifetime]) -> dict[str, ValueMap]:
    """For each pattern, a map whose result is ``1`` for the paths that it matches and ``0`` for all others."""
    patterns = dict.fromkeys(rule.pattern for rule in rules if rule.pattern)
    return {pattern: value_map("path", "$uri", ((f"~{pattern}", "1"),), "0") for pattern in patterns}


def _expression(rule: Lifetime, patterns: Sequence[str]) -> str:
    statuses = "|".join(map(str, LIFETIME_STATUSES))
    flags = "".join("1" if pattern == rule.pattern else "." for pattern in patterns)
    types = "|".join(_type(one) for one in rule.types)
    return f"~^(?:{statuses})::{flags}:" + (f"(?:{types})" if types else "")


def _type(name: str) -> str:
    """A media type, behind which parameters such as ``charset`` may follow."""
    return re.escape(name[:-1]) if name.endswith("*") else f"{re.escape(name)}(?:;|$)"
