# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's configuration syntax: the directives of a text.

The rules are those of ``ngx_conf_read_token`` in nginx's ``src/core/ngx_conf_file.c``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
      (?P<space>\s+ | \#[^\n]*)
    | (?P<quoted>"(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*') (?=[\s;{)]|$)
    | (?P<mark>[;{}])
    | (?P<word>(?: \\. | \$\{ | [^\s;{"'\\] ) (?: \\. | \$\{ | [^\s;{\\] )* )
    """,
    re.VERBOSE | re.DOTALL,
)
_LUA = "_by_lua_block"
"""Ends the names of directives whose block holds Lua."""
_LUA_TOKEN = re.compile(
    r"""
      --\[(=*)\[.*?\]\1\] | --[^\n]* | \[(=*)\[.*?\]\2\]
    | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | (?P<mark>[{}]) | .
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Directive:
    """A directive: its name and parameters, quotes and backslashes taken off.

    :param within: the blocks that it is in, the outermost first, as they are written before their ``{``.
    :param end: the place in the text after it, or after its ``{``.
    :param line: the line that it begins on, from 1.
    """

    words: tuple[str, ...]
    within: tuple[tuple[str, ...], ...] = ()
    end: int = 0
    line: int = field(default=1, compare=False)

    @property
    def name(self) -> str:
        """Such as ``proxy_pass``."""
        return self.words[0]


@dataclass(frozen=True)
class Raw:
    """Raw text as nginx would read it.

    :param directives: all of them, those inside blocks too.
    :param problem: why the text is not complete; empty when it is.
    """

    directives: tuple[Directive, ...]
    problem: str = ""


def read_raw(text: str) -> Raw:  # noqa: C901 - one branch for each kind of token
    """Read the directives of a text, those inside blocks too."""
    found: list[Directive] = []
    words: list[str] = []
    blocks: list[tuple[str, ...]] = []
    position, first = 0, 0
    line, counted = 1, 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return Raw(tuple(found), "has an unclosed quote, or text directly after a quote")
        position = token.end()
        if token["mark"] == "}":
            if words or not blocks:
                return Raw(tuple(found), "has no ; before }" if blocks else "closes a block that it did not open")
            blocks.pop()
        elif token["mark"]:
            if not words:
                return Raw(tuple(found), f"has an unexpected {token['mark']}")
            line, counted = line + text.count("\n", counted, first), first
            found.append(Directive(tuple(words), tuple(blocks), position, line))
            if token["mark"] == "{" and words[0].endswith(_LUA):
                position = _end_of_lua(text, position)
            elif token["mark"] == "{":
                blocks.append(tuple(words))
            words = []
        elif not token["space"]:
            first = first if words else token.start()
            words.append(_plain(token[0]))
    if blocks or position > len(text):
        return Raw(tuple(found), "does not close a block")
    return Raw(tuple(found), f"has no ; after {words[0]!r}" if words else "")


def _end_of_lua(text: str, start: int) -> int:
    """The place after the block of Lua that begins at ``start``; beyond the text where it does not end."""
    depth = 1
    for token in _LUA_TOKEN.finditer(text, start):
        depth += (token["mark"] == "{") - (token["mark"] == "}")
        if depth == 0:
            return token.end()
    return len(text) + 1


def _plain(token: str) -> str:
    inner = token[1:-1] if token[0] in "\"'" else token
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)
