# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw directives of ``extra_directives``: read as nginx reads them, so that none leaves the block it was written for.

The rules are those of ``ngx_conf_read_token`` in nginx's ``src/core/ngx_conf_file.c``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<space>\s+ | \#[^\n]*)
    | (?P<quoted>"(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*') (?=[\s;{)]|$)
    | (?P<mark>[;{}])
    | (?P<word>(?: \\. | \$\{ | [^\s;{"'\\] ) (?: \\. | \$\{ | [^\s;{\\] )* )
    """,
    re.VERBOSE | re.DOTALL,
)
_FOREIGN = re.compile(r"_by_lua_block\b")
"""What stands in such a block is another language's."""


@dataclass(frozen=True)
class Directive:
    """A directive: its name and parameters, quotes and backslashes taken off."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Raw:
    """Raw text as nginx would read it.

    :param directives: all of them, those inside blocks too.
    :param problem: why the text cannot stand alone; empty when it can.
    """

    directives: tuple[Directive, ...]
    problem: str = ""


def read_raw(text: str) -> Raw:
    """Read raw directives."""
    if _FOREIGN.search(text):
        return Raw(())
    found: list[Directive] = []
    words: list[str] = []
    depth = position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return Raw(tuple(found), "holds a quote that is not closed, or text right behind one")
        position = token.end()
        if token["mark"] == "}":
            depth -= 1
            if depth < 0 or words:
                return Raw(tuple(found), "closes a block that it did not open" if depth < 0 else "misses a ; before }")
        elif token["mark"]:
            if not words:
                return Raw(tuple(found), f"has a {token['mark']} behind nothing")
            found.append(Directive(tuple(words)))
            words = []
            depth += token["mark"] == "{"
        elif not token["space"]:
            words.append(_plain(token[0]))
    if words or depth:
        return Raw(tuple(found), "does not close a block" if depth else f"misses a ; behind {words[-1]!r}")
    return Raw(tuple(found))


def _plain(token: str) -> str:
    inner = token[1:-1] if token[0] in "\"'" else token
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)
