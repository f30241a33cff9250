# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of wrong models in docs/ is what the tests say now."""

from __future__ import annotations

from ansible_collections.hardened.nginx_edge.tools.errors import ERRORS, MISTAKES, errors_page


def test_the_page_is_up_to_date() -> None:
    assert ERRORS.read_text(encoding="utf-8") == errors_page(), "run: make reference"


def test_it_shows_every_mistake() -> None:
    titles = [line for line in errors_page().splitlines() if line.startswith("## ")]
    assert len(titles) == len(list(MISTAKES.glob("*.yml"))) >= 20
