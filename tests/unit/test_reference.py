# SPDX-License-Identifier: GPL-3.0-or-later
"""The references in docs/ are what the spec and the tests say now."""

from __future__ import annotations

from ansible_collections.hardened.nginx_edge.tools.errors import ERRORS, MISTAKES, errors_page
from ansible_collections.hardened.nginx_edge.tools.reference import REFERENCE, reference

from .models import OPTIONS


def test_the_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference(), "run: make reference"


def test_it_names_every_variable() -> None:
    assert [name for name in OPTIONS if f"| `{name}` |" not in reference()] == []


def test_the_page_of_errors_is_up_to_date() -> None:
    assert ERRORS.read_text(encoding="utf-8") == errors_page(), "run: make reference"


def test_it_shows_every_mistake() -> None:
    titles = [line for line in errors_page().splitlines() if line.startswith("## ")]
    assert len(titles) == len(list(MISTAKES.glob("*.yml"))) >= 20
