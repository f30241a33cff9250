# SPDX-License-Identifier: GPL-3.0-or-later
"""The prose check finds the phrases of its list across line breaks and in any case, and nothing else."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.tools.prose import expression, found, phrases

KNOWN = phrases()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("- name: Have nginx\n", "x:1"),
        ("A run.\nThe way back is short.\n", "x:2"),
        ("# Nobody looks.\n", "x:1"),
        ("# It goes\n# by the way\n    # back.\n", "x:2"),
    ],
)
def test_a_phrase_is_found_with_its_place(text: str, place: str) -> None:
    (line,) = found("x", text, KNOWN)
    assert line.startswith(f"{place}: ")
    assert ": write " in line


@pytest.mark.parametrize("text", ["- name: Install nginx\n", "Roll back to it.\n", "A playback.\n", "way\n\nback\n"])
def test_other_text_is_not_found(text: str) -> None:
    assert list(found("x", text, KNOWN)) == []


def test_a_space_of_a_phrase_matches_one_line_break() -> None:
    assert expression("a b").search("a\n  # b")
    assert not expression("a b").search("a  b c\n\nb")
