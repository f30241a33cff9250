# SPDX-License-Identifier: GPL-3.0-or-later
"""Host names with characters other than ASCII, as IDNA 2008 writes them."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.addresses import in_ascii, is_server_name


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("www.example.com", "www.example.com"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),  # IDNA 2003 would write strasse
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("παράδειγμα.δοκιμή", "xn--hxajbheg2az3al.xn--jxalpdlp"),
    ],
)
def test_a_name_is_written_in_ascii(name: str, written: str) -> None:
    assert in_ascii(name) == written
    assert is_server_name(written)


@pytest.mark.parametrize(
    "name",
    [
        "Bücher.example",
        "ﬁne.example",
        "-ü.example",
        "a\u200db.example",
        "ab--ü.example",
        "☃.example",
        "u\u0308.example",
    ],
)
def test_what_idna_does_not_allow_stays_as_it_is(name: str) -> None:
    assert in_ascii(name) == name
    assert not is_server_name(name)
