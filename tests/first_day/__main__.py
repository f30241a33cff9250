# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a user sees after an intended change; read the differences before you commit them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from . import FOLDER, MISTAKES, make

for mistake in MISTAKES:
    with tempfile.TemporaryDirectory() as folder:
        _code, shown = make(mistake, Path(folder))
    (FOLDER / f"{mistake.name}.txt").write_text(shown, encoding="utf-8")
