# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw directives are read as nginx reads them."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.raw import read_raw


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  # only; a { comment", []),
        ("tcp_nodelay on;", [("tcp_nodelay", "on")]),
        ("return 200 'a;}';", [("return", "200", "a;}")]),
        (r'return 200 "say \"hi\" }";', [("return", "200", 'say "hi" }')]),
        ("set $a ${b}c;", [("set", "$a", "${b}c")]),
        ("location ~ ^/a\\{2}$ { deny all; }", [("location", "~", "^/a{2}$"), ("deny", "all")]),
        ("map $a $b { default ''; }\nset $c d;", [("map", "$a", "$b"), ("default", ""), ("set", "$c", "d")]),
        ("if ($a = b) {\n  return 204;\n}", [("if", "($a", "=", "b)"), ("return", "204")]),
    ],
)
def test_whole_directives_are_read(text: str, words: list[tuple[str, ...]]) -> None:
    raw = read_raw(text)
    assert raw.problem == ""
    assert [directive.words for directive in raw.directives] == words


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("}", "closes a block that it did not open"),
        ("a { b; } }", "closes a block that it did not open"),
        ("a {", "does not close a block"),
        ("a { b }", "has no ; before }"),
        ("a b", "has no ; after 'a'"),
        ("a 'b;", "has an unclosed quote, or text directly after a quote"),
        ('a "b"c;', "has an unclosed quote, or text directly after a quote"),
        (";", "has an unexpected ;"),
    ],
)
def test_what_cannot_stand_alone_is_told(text: str, problem: str) -> None:
    assert read_raw(text).problem == problem


def test_lua_is_left_to_nginx() -> None:
    assert read_raw("content_by_lua_block { local a = 'it''s }").problem == ""
