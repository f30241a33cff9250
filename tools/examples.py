# SPDX-License-Identifier: GPL-3.0-or-later
"""What each option of the model looks like, and which directives of nginx it becomes: seen in the tested models.

Nothing here is written by hand. The recipes of the cookbook and the golden cases are models that real nginx takes. The
first value that one of them gives to an option is its example. Its directives are those that are there with it, and
that differ or are missing without it, or with another value.
"""

from __future__ import annotations

import copy
import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.capabilities import Target
from ansible_collections.hardened.nginx_edge.tests.unit.models import GOLDEN, OPTIONS, TARGETS, rendered

from .cookbook import SHOWN_FOR, recipes
from .nginx_text import Statement, directive_of, statements, without_digests

USES = 5
"""How many uses of an option are looked at, where it has no choices."""

OptionPath = tuple[str, ...]
"""An option: its name behind those of the options it stands in, such as ``("edge_sites", "locations", "path")``."""

Place = tuple[Any, ...]
"""One use of an option: keys and indexes into a model."""

Line = tuple[OptionPath, str]
"""A directive: the heads of the blocks around it, and its own text."""


@dataclass(frozen=True)
class Model:
    """A tested model.

    :param variables: what an inventory says.
    :param target: an nginx that takes it.
    """

    variables: dict[str, Any]
    target: Target


@functools.cache
def models() -> tuple[Model, ...]:
    """The recipes first, for they are written to be read; then the golden cases."""
    found = [Model(recipe.model, TARGETS[SHOWN_FOR]) for recipe in recipes()]
    for case in sorted(GOLDEN.glob("*/model.yml")):
        target = next(name for name in reversed(TARGETS) if (case.parent / name).is_dir())
        found.append(Model(yaml.safe_load(case.read_text(encoding="utf-8")), TARGETS[target]))
    return tuple(found)


def uses(path: OptionPath) -> Iterator[tuple[Model, Place, Any]]:
    """Every use of an option in the tested models: the model, the place in it, the value."""
    for model in models():
        for place, value in _uses_in(model.variables, path, ()):
            yield model, place, value


def _uses_in(value: Any, path: OptionPath, place: Place) -> Iterator[tuple[Place, Any]]:
    if not path:
        yield place, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _uses_in(item, path, (*place, index))
    elif path[0] in value:
        yield from _uses_in(value[path[0]], path[1:], (*place, path[0]))


def example(path: OptionPath) -> Any:
    """The first value that a tested model gives to an option; None when none does."""
    return next((value for _model, _place, value in uses(path)), None)


@functools.cache
def directives(path: OptionPath) -> tuple[str, ...]:
    """The directives that an option becomes; none when it is not written to nginx.

    An option with choices becomes what any of them becomes, another one what most of its first uses become.
    """
    option = option_at(path)
    # A list of records is told by one of them, and a single record can often not be left out.
    looked_at = sorted(uses(path), key=lambda use: isinstance(use[2], list) and len(use[2]) == 1)
    found = [_directives_of_use(*use, option) for use in (looked_at if "choices" in option else looked_at[:USES])]
    if "choices" in option:
        return tuple(dict.fromkeys(itertools.chain(*found)))
    counted = Counter(tuple(one) for one in found if one)
    if not counted and "options" in option:
        # A record that others refer to cannot be left out; it becomes what its first option becomes.
        return directives((*path, next(iter(option["options"]))))
    return max(counted, key=lambda one: (counted[one], -len(one)), default=())


def option_at(path: OptionPath) -> Mapping[str, Any]:
    """The option in the argument spec."""
    options: Mapping[str, Any] = OPTIONS
    for name in path[:-1]:
        options = options[name]["options"]
    option: Mapping[str, Any] = options[path[-1]]
    return option


def _directives_of_use(model: Model, place: Place, value: Any, option: Mapping[str, Any]) -> list[str]:
    before = _lines(model.variables, model.target)
    for other in _variants(model.variables, place, value, option):
        try:
            after = _lines(other, model.target)
        except ValueError:
            continue  # a model with problems
        there, elsewhere = _outermost(before, after), _outermost(after, before)
        if there or elsewhere:
            return [*there, *elsewhere] if "choices" in option else there or elsewhere
    return []


def _variants(
    variables: dict[str, Any], place: Place, value: Any, option: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The model without the option or a list's last record; with other values; with its value replaced everywhere."""
    if isinstance(value, list) and "options" in option and len(value) > 1:
        yield _changed(variables, place, value[:-1])
    yield _changed(variables, place, None)
    for other in _other_values(value, option):
        yield _changed(variables, place, other)
    if isinstance(value, str):
        for other in _other_values(value, option):
            renamed: dict[str, Any] = _renamed(variables, value, other)
            yield renamed


def _changed(variables: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(variables)
    inner: Any = changed
    for key in place[:-1]:
        inner = inner[key]
    if value is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return changed


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, old, new) for item in value]
    return new if value == old else value


def _other_values(value: Any, option: Mapping[str, Any]) -> list[Any]:
    if "choices" in option:
        return [choice for choice in option["choices"] if choice != value]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, list):
        return [value[:-1], [*_other_values(value[0], {}), *value[1:]]] if value else []
    if isinstance(value, str):
        number = re.sub(r"\d+", lambda found: str(int(found[0]) + 1), value, count=1)
        return [other for other in (number, f"{value}x", f"{value}x/", f"x{value}") if other != value]
    return []


@functools.cache
def _rendered(text: str, target: Target) -> Counter[Line]:
    found: list[Statement] = []
    for content in rendered(yaml.load(text, Loader=yaml.CSafeLoader), target).values():
        found += statements(without_digests(content))
    return Counter((tuple(head for _line, head in one.blocks), one.text) for one in found)


def _lines(variables: dict[str, Any], target: Target) -> Counter[Line]:
    return _rendered(yaml.dump(variables, Dumper=yaml.CSafeDumper), target)


def _outermost(one: Counter[Line], other: Counter[Line]) -> list[str]:
    """Names of the directives that only the first text has; what stands in such a block is not told."""
    only = one - other
    outer = [(heads, text) for heads, text in only if (heads[:-1], "".join(heads[-1:])) not in only]
    return list(dict.fromkeys(directive_of(text, heads) for heads, text in outer))
