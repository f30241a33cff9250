# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to hold for every model that one can write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.problems import Problem

from ..unit.models import OPTIONS, TARGETS, rendered_plan
from .fixing import located
from .models import FILE_END, SITES, Drawn
from .structure import harmless, named, parsed, translated

GENERATION = "golden"


def rendered(drawn: Drawn, target: str) -> dict[str, str] | None:
    """Relative path -> text; None when the model is refused."""
    plan = drawn.planned(TARGETS[target])
    if plan.problems:
        return None
    return rendered_plan(plan, TARGETS[target])


def refusals_have_a_place(drawn: Drawn) -> None:
    """Nothing is raised, and each problem names a place in the model, and what is wrong there."""
    whole = drawn.whole
    for target in TARGETS.values():
        for problem in drawn.planned(target).problems:
            assert problem.reason, problem
            assert _has_a_place(whole, problem), problem
            assert "\n" not in str(problem), problem


def _has_a_place(whole: Mapping[str, Any], problem: Problem) -> bool:
    """Whether a path leads to something in the model, or to an option that may be written there."""
    place, missing = located(whole, problem.path)
    if not missing:
        return bool(place)
    options: Any = OPTIONS
    for key in place:
        if str(key).endswith(FILE_END):
            options = OPTIONS[SITES]["options"]
        elif not isinstance(key, int):
            options = options.get(key, {}).get("options") or {}
    return missing.split(".")[0].split("[")[0] in options


def holds_for_text(model: Drawn, target: str) -> None:
    """What has to hold for the text of a model, where the model is accepted."""
    files = rendered(model, target)
    if files is not None:
        text_is_stable(model, target, files)
        directives_are_those_of_the_model(model, target, files)


def text_is_stable(drawn: Drawn, target: str, files: Mapping[str, str]) -> None:
    """The same model yields the same text, whatever the order in which its variables came."""
    again = Drawn(dict(reversed(drawn.variables.items())), dict(drawn.files))
    assert rendered(again, target) == files
    assert list(files) == sorted(files)


def directives_are_those_of_the_model(drawn: Drawn, target: str, files: Mapping[str, str]) -> None:
    """No text becomes a directive, a block or a second parameter; no site gets lost."""
    plain, stands_for = harmless(drawn)
    wanted = rendered(plain, target)
    assert wanted is not None, plain.planned(TARGETS[target]).problems
    found = parsed(files)
    assert list(found) == list(wanted)
    for path, tree in parsed(wanted).items():
        assert translated(found[path], stands_for) == translated(tree, stands_for), files[path]
    edge = drawn.planned(TARGETS[target]).edge
    served = {name for tree in found.values() for names in named(tree, "server_name") for name in names}
    assert {name for site in edge.sites for name in site.names} <= served
    assert sum(path.startswith("sites/") for path in files) == len(edge.sites)
