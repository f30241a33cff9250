# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/how-to/cookbook.md: a recipe for each feature of tests/features.yml, and the nginx text that it becomes.

A recipe is ``tests/golden/cookbook/NUMBER-NAME.yml``; ``11b-NAME.yml`` is a second recipe for the same feature. Its
comments describe when to use it and, after ``Shows:``, which directives to print. Then follow the variables of an
operator. The nginx text is rendered, never written by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.capabilities import Target
from ansible_collections.hardened.nginx_edge.tests.unit.models import GOLDEN, TARGETS, rendered

from .nginx_text import OF_VALUES, Statement, excerpt
from .shown import Entry, read_features

RECIPES = GOLDEN / "cookbook"
PAGE = GOLDEN.parents[1] / "docs" / "how-to" / "cookbook.md"
BASE = RECIPES / "base.yml"
SHOWS = "Shows:"
SHOWN_FOR = "trixie"
MODEL = "edge_"
DROPPED_HEADERS = "proxy_dropped_headers"
"""Beginning of the names of files that list the headers of clients that backends do not get."""
OF_THE_EDGE_ITSELF = "own "
"""Begins a directive of the servers that every edge has in nginx.conf: its status, and names that no site carries."""
HEAD = """# Cookbook

A recipe for each feature of an edge: the variables to set, and the relevant lines of the nginx configuration that is
rendered from them for Debian 13. Every recipe is a test case, and the nginx of each system accepts all recipes.
The [reference of the model](../reference/model.md) describes each option. `make reference` generates this page.

All recipes use these settings, unless a recipe sets them itself:
"""


@dataclass(frozen=True)
class Written:
    """A model and the comments at the head of its file.

    :param words: when one wants it, in Markdown.
    :param shows: directives that matter: a name, or the beginning of a line.
    :param text: what an operator writes.
    """

    path: Path
    words: str
    shows: tuple[str, ...]
    text: str

    @property
    def own_variables(self) -> dict[str, Any]:
        """Those that the operator writes."""
        variables: dict[str, Any] = yaml.safe_load(self.text)
        return variables

    @property
    def model(self) -> dict[str, Any]:
        """The model of the edge: the operator's variables over those that every recipe takes for granted."""
        base: dict[str, Any] = yaml.safe_load(BASE.read_text(encoding="utf-8"))
        own = {name: value for name, value in self.own_variables.items() if name.startswith(MODEL)}
        return {**base, **own}

    def matters(self, one: Statement, words: Sequence[str] = ()) -> bool:
        """Whether a line of the rendered text is one that the recipe is about.

        :param words: the words of ``shows`` to go by; default all.
        """
        heads = [head for _line, head in one.blocks]
        own = heads[:2] == ["http", "server"]
        asked = [word for word in words or self.shows if word.startswith(OF_THE_EDGE_ITSELF) == own]
        lines = [one.text, *(head for head in heads if head.split()[0] in OF_VALUES)]
        return any(_begins(line, word.removeprefix(OF_THE_EDGE_ITSELF)) for line in lines for word in asked)


@dataclass(frozen=True)
class Recipe(Written):
    """A recipe for a feature."""

    feature: Entry

    @property
    def number(self) -> str:
        """The feature's, with a letter where it is not the feature's first."""
        return self.path.stem.split("-")[0].lstrip("0")

    def targets(self) -> dict[str, Target]:
        """The targets whose nginx can do it."""
        return {name: target for name, target in TARGETS.items() if name not in self.feature.cannot}


def _begins(line: str, word: str) -> bool:
    return line.startswith(word) if " " in word else line.split(maxsplit=1)[0] == word


def recipes() -> list[Recipe]:
    """All recipes, by number."""
    return [_read(path) for path in sorted(RECIPES.glob("[0-9]*.yml"))]


def _read(path: Path) -> Recipe:
    feature = read_features().all[int(path.stem[:2]) - 1]
    return Recipe(**vars(read_written(path)), feature=feature)


def read_written(path: Path) -> Written:
    """A model and its comments."""
    lines = path.read_text(encoding="utf-8").removeprefix("---\n").splitlines()
    end = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    words, _, shows = "\n".join(line.removeprefix("#").strip() for line in lines[:end]).partition(SHOWS)
    listed = tuple(word.strip() for word in shows.split(",") if word.strip())
    return Written(path, words.strip(), listed, "\n".join(lines[end:]))


def excerpts(recipe: Written) -> str:
    """The lines of nginx that matter in a recipe, file by file; empty for one that writes no nginx text."""
    files = rendered(recipe.model, TARGETS[SHOWN_FOR])
    shown = {path: excerpt(text, _matters(recipe, path)) for path, text in files.items()}
    return "\n\n".join(f"# {path}\n{lines}" for path, lines in shown.items() if lines)


def _matters(recipe: Written, path: str) -> Callable[[Statement], bool]:
    """Which lines of a file matter: of the long list of dropped headers, only those that the recipe names."""
    if not path.startswith(DROPPED_HEADERS):
        return recipe.matters
    named = [word for word in recipe.shows if " " in word]
    return lambda one: bool(named) and recipe.matters(one, named)


def cookbook() -> str:
    """The text of docs/how-to/cookbook.md."""
    base = BASE.read_text(encoding="utf-8").split("\n", 2)[2]
    parts = [HEAD, fenced("yaml", base)]
    for recipe in recipes():
        title = f"## {recipe.number}. {_capitalized(recipe.feature.title)}\n"
        parts += [title, f"{recipe.words}\n", fenced("yaml", recipe.text)]
        if nginx := excerpts(recipe):
            parts.append(fenced("nginx", nginx))
        parts += [f"On {system}: {reason}.\n" for system, reason in recipe.feature.cannot.items()]
    return "\n".join(parts)


def _capitalized(title: str) -> str:
    """A title as a heading; a name such as ``gRPC`` or ``stub_status`` keeps its case."""
    first = title.split(maxsplit=1)[0]
    return title if not first.isalpha() or not first.islower() else f"{title[0].upper()}{title[1:]}"


def fenced(language: str, text: str) -> str:
    """A block of Markdown."""
    return f"```{language}\n{text.strip()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(cookbook(), encoding="utf-8")
