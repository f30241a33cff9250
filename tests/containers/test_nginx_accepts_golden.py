# SPDX-License-Identifier: GPL-3.0-or-later
"""The real nginx of each target tests every golden case, and every recipe for a feature or for an application."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, rendered
from ansible_collections.hardened.nginx_edge.tests.unit.whole.test_golden import render_all
from ansible_collections.hardened.nginx_edge.tools.applications import applications
from ansible_collections.hardened.nginx_edge.tools.cookbook import Written, recipes

from .edges import EdgeContainer

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASES = sorted(folder for folder in GOLDEN.glob("*/*") if (folder / "nginx.conf").exists())
FEATURES = [(recipe, suite) for recipe in recipes() for suite in recipe.targets()]
RECIPES: list[tuple[Written, str]] = [*FEATURES, *((recipe, suite) for recipe in applications() for suite in TARGETS)]


@pytest.mark.parametrize("folder", CASES, ids=[f"{folder.parent.name}-{folder.name}" for folder in CASES])
def test_nginx_accepts_it(folder: Path, edges: Mapping[str, EdgeContainer]) -> None:
    verdict = edges[folder.name].verdict(render_all(folder.parent, folder.name))
    assert verdict.accepted, verdict.printed


@pytest.mark.parametrize(("recipe", "suite"), RECIPES, ids=[f"{recipe.path.stem}-{suite}" for recipe, suite in RECIPES])
def test_nginx_accepts_a_recipe(recipe: Written, suite: str, edges: Mapping[str, EdgeContainer]) -> None:
    verdict = edges[suite].verdict(rendered(recipe.model, TARGETS[suite]))
    assert verdict.accepted, verdict.printed
