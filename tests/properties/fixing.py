# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes drawn models sound by the checker's own words, so that most of them come as far as nginx."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.formats import Format
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.problems import Problem
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.capabilities import Target

from .models import DELETED, FILE_END, SITES, Drawn, Place, at, changed, texts_of
from .texts import SPARE_TEXTS

SPARE_INTEGER = 404
UPSTREAMS = "edge_upstreams"
SPARE_UPSTREAM = {"name": "spare", "servers": [{"address": "10.0.0.7:7"}]}


def located(whole: Mapping[str, Any], path: str) -> tuple[Place, str]:
    """The place that a path names, as far as it is in the model, and the rest of the path."""
    node: Any = whole
    place: Place = ()
    if (file := _site_file(whole, path)) is not None:
        place, node, path = (file[0],), whole[file[0]], file[1]
    while path:
        if isinstance(node, dict):
            begun = [key for key in node if re.match(re.escape(str(key)) + r"(?=[.\[]|$)", path)]
            if not begun:
                break
            key: Any = max(begun, key=lambda key: len(str(key)))
            path = path[len(str(key)) :].removeprefix(".")
        else:
            index = re.match(_INDEX, path)
            if index is None or not isinstance(node, list) or int(index[1]) >= len(node):
                break
            key, path = int(index[1]), path[index.end() :]
        node, place = node[key], (*place, key)
    return place, path


_INDEX = r"\[(\d+)\](?: \([^)]*\))?\.?"


def _site_file(whole: Mapping[str, Any], path: str) -> tuple[str, str] | None:
    """The key of the file that a path is in, and the rest of the path: sites in files follow those of the variable."""
    found = re.match(SITES + _INDEX, path)
    given = whole.get(SITES)
    files = [key for key in whole if str(key).endswith(FILE_END)]
    number = int(found[1]) - (len(given) if isinstance(given, list) else 0) if found else -1
    return (files[number], path[found.end() :]) if found and 0 <= number < len(files) else None


def fixed(drawn: Drawn, target: Target, rounds: int = 20) -> Drawn:
    """The model with what the checker complains of put right or taken out; for a few models a problem is left."""
    tried: set[Place] = set()
    for number in range(rounds):
        problems = drawn.planned(target).problems
        if not problems:
            break
        whole = drawn.whole
        kinds = dict(texts_of(whole))
        changes: dict[Place, Any] = {}
        for index, problem in enumerate(problems):
            changes.update(_mending(whole, kinds, problem, f"{number}-{index}"))
        for place in changes.keys() & tried:
            changes[place] = DELETED
        # What can be put right comes first: much of the rest is sound then, and need not go.
        put_right = {place: value for place, value in changes.items() if value is not DELETED}
        tried = {*tried, *put_right} if put_right else set()  # places are others once something was taken out
        drawn = drawn.with_whole(changed(whole, put_right or changes))
    return drawn


def _mending(
    whole: Mapping[str, Any], kinds: Mapping[Place, Format], problem: Problem, number: str
) -> dict[Place, Any]:
    """What to change so that a problem goes, from the checker's own words alone.

    A wrong name becomes a known one, a text or a number that was refused a spare one; of options that exclude each
    other the first one stays, or is tried. Otherwise what the problem names is taken out.
    """
    place, _missing = located(whole, problem.path)
    if not place:
        return {}
    value = at(whole, place)
    if exclusive := re.match(r"write exactly one of (.*)", problem.remedy):
        names = exclusive[1].split(", ")
        chosen = [(*place, name) for name in names if name in value]
        if chosen:
            return dict.fromkeys(chosen[1:], DELETED)
        known_ones = {} if whole.get(UPSTREAMS) else {(UPSTREAMS,): [SPARE_UPSTREAM]}
        return {place: {**value, names[0]: SPARE_UPSTREAM["name"]}, **known_ones}
    if known := re.search(r"is not in edge_\w+ \(([^,()]+)", problem.reason):
        return {place: known[1]}
    is_empty = problem.reason.endswith(", which is empty")
    if not is_empty and place in kinds and kinds[place] in SPARE_TEXTS:
        return {place: SPARE_TEXTS[kinds[place]].format(number)}
    is_number = isinstance(value, int) and not isinstance(value, bool) and not is_empty
    return {place: SPARE_INTEGER if is_number else DELETED}
