# SPDX-License-Identifier: GPL-3.0-or-later
"""The real nginx of each target tests every golden case."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from .edges import EdgeContainer

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASES = sorted(folder for folder in GOLDEN.glob("*/*") if (folder / "nginx.conf").exists())


@pytest.mark.parametrize("folder", CASES, ids=[f"{folder.parent.name}-{folder.name}" for folder in CASES])
def test_nginx_accepts_it(folder: Path, edges: Mapping[str, EdgeContainer]) -> None:
    files = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.conf")}
    verdict = edges[folder.name].verdict(files)
    assert verdict.accepted, verdict.printed
