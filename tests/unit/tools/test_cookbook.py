# SPDX-License-Identifier: GPL-3.0-or-later
"""Each recipe of the cookbook is sound on every system that can do it, and the page shows what is rendered."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.tests.unit.models import OPTIONS, ROOT, TARGETS, errors, planned, rendered
from ansible_collections.hardened.nginx_edge.tools.cookbook import (
    MODEL,
    PAGE,
    SHOWN_FOR,
    Recipe,
    cookbook,
    excerpts,
    recipes,
)
from ansible_collections.hardened.nginx_edge.tools.nginx_text import Statement, excerpt, statements
from ansible_collections.hardened.nginx_edge.tools.shown import read_features

RECIPES = recipes()
NOT_THE_MODEL = ("nginx", "certbot", "exporter")
"""Roles whose variables a recipe may show beside the model's."""


def name(recipe: Recipe) -> str:
    return recipe.path.stem


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == cookbook(), "run: make reference"


def test_every_feature_that_must_be_shown_has_a_recipe() -> None:
    assert len({recipe.number for recipe in RECIPES}) == len(RECIPES)
    shown = {recipe.feature.key for recipe in RECIPES}
    assert [one.key for one in read_features().all if one.required and one.key not in shown] == []


@pytest.mark.parametrize("recipe", RECIPES, ids=name)
def test_a_recipe_is_sound_where_it_can_be(recipe: Recipe) -> None:
    for target in recipe.targets().values():
        plan = planned(recipe.model, target)
        assert [str(problem) for problem in (*plan.problems, *plan.warnings)] == []


@pytest.mark.parametrize("recipe", [one for one in RECIPES if one.feature.cannot], ids=name)
def test_a_recipe_is_refused_where_it_cannot_be(recipe: Recipe) -> None:
    for target in set(TARGETS) & set(recipe.feature.cannot):
        assert errors(recipe.model, TARGETS[target]) != []


@pytest.mark.parametrize("recipe", RECIPES, ids=name)
def test_a_recipe_shows_lines_of_the_rendered_text(recipe: Recipe) -> None:
    files = rendered(recipe.model, TARGETS[SHOWN_FOR])
    real = {line.strip() for text in files.values() for line in text.splitlines()}
    shown = [line.strip() for line in excerpts(recipe).splitlines()]
    assert [line for line in shown if line and line.removeprefix("# ") not in files and line not in real] == []


@pytest.mark.parametrize("recipe", RECIPES, ids=name)
def test_a_recipe_names_no_directive_in_vain(recipe: Recipe) -> None:
    found = [one for text in rendered(recipe.model, TARGETS[SHOWN_FOR]).values() for one in statements(text)]
    assert [word for word in recipe.shows if not any(recipe.matters(one, [word]) for one in found)] == []


@pytest.mark.parametrize("recipe", RECIPES, ids=name)
def test_a_recipe_uses_variables_that_exist(recipe: Recipe) -> None:
    known = set(OPTIONS)
    for role in NOT_THE_MODEL:
        specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        known |= set(specs["argument_specs"]["main"]["options"])
    assert [variable for variable in recipe.own_variables if variable not in known] == []
    assert all(variable.startswith(MODEL) for variable in recipe.model)


TEXT = """\
http {
    log_format edge '{'
        '}';
    map $a $b {
        default 1;
    }
    server {
        # a comment
        listen 80;
    }
    server {
        listen 81;
        location / {
            return 404;
        }
    }
}
"""


def test_statements_know_their_blocks() -> None:
    found = list(statements(TEXT))
    assert [(one.directive, len(one.blocks)) for one in found] == [
        ("http", 0),
        ("log_format", 1),
        ("map", 1),
        ("map", 2),
        ("server", 1),
        ("listen", 2),
        ("server", 1),
        ("listen", 2),
        ("location", 2),
        ("return", 3),
    ]
    assert found[1].text == "log_format edge '{' '}'"


def test_an_excerpt_keeps_the_blocks() -> None:
    def wanted(one: Statement) -> bool:
        return one.directive in ("listen", "return")

    assert excerpt(TEXT, wanted) == (
        "http {\n    server {\n        listen 80;\n    }\n    server {\n        listen 81;\n"
        "        location / {\n            return 404;\n        }\n    }\n}"
    )
    assert excerpt(TEXT, lambda _one: False) == ""
