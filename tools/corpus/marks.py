# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks in requests, by which a backend's journal tells them apart."""

from __future__ import annotations

import secrets

# No digit: a row may expect that a response has no port or address. No vowel: nor has it a word. No ``s`` and ``x``:
# they stand before the numbers of steps and rows.
LETTERS = "bcdfghjkmnpqrtvwz"
LENGTH = 8


def new_run() -> str:
    """Marks of a run begin with this; no other run has it. ``MARK`` of the backends' programs matches it."""
    return "q" + "".join(secrets.choice(LETTERS) for _number in range(LENGTH))
