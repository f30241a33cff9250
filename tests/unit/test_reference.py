# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference in docs/ is what the spec says now."""

from __future__ import annotations

from ansible_collections.hardened.nginx_edge.tools.reference import REFERENCE, reference

from .models import OPTIONS


def test_the_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference(), "run: make reference"


def test_it_names_every_variable() -> None:
    assert [name for name in OPTIONS if f"| `{name}` |" not in reference()] == []
