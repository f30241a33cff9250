# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the options of recipes that no request tests: without them, all requests get the expected responses.

``python -m tests.containers.recipes.unnoticed NAME…`` changes the model of each recipe, one option or item of a list at
a time, and sends the requests of the recipe to nginx with the changed model. Timeouts and sizes of buffers always
remain: what they do takes too long, or depends on the application.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterator
from typing import Any

from ansible_collections.hardened.nginx_edge.tests.containers.edges import EdgeContainer, edge_container
from ansible_collections.hardened.nginx_edge.tools.applications import Application, applications

from .runs import COMMAND, Run, variables

SUITE = "trixie"
NEEDED = {
    "name",
    "address",
    "servers",
    "upstream",
    "path",
    "match",
    "users",
    "root",
    "alias",
    "locations",
    "edge_sites",
}
"""Options without which there is no model, or nothing to ask."""

Place = tuple[Any, ...]


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Each option, and each item of a list that has several."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if key not in NEEDED and (isinstance(value, dict) or len(value) > 1):
            yield (*place, key)
        yield from places(inner, (*place, key))


def without(model: dict[str, Any], place: Place) -> dict[str, Any]:
    """The model without what is at a place."""
    changed = copy.deepcopy(model)
    inner: Any = changed
    for key in place[:-1]:
        inner = inner[key]
    del inner[place[-1]]
    return changed


def unnoticed(application: Application, edge: EdgeContainer) -> Iterator[str]:
    """The options of a recipe that no request notices."""
    model = variables(application)
    for place in places({name: value for name, value in model.items() if name != "edge_acme"}):
        try:
            run = Run(application, SUITE, without(model, place))
        except ValueError:
            continue  # no model without this option
        verdict = edge.verdict(run.files(), COMMAND)
        if verdict.code == 0 and not run.complaints(verdict.printed):
            yield ".".join(map(str, place))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="recipes; all if none is given")
    names = parser.parse_args().names
    with edge_container(SUITE) as container:
        for one in applications():
            if not names or one.path.stem in names:
                for option in unnoticed(one, container):
                    print(f"{one.path.stem}: {option}", flush=True)  # noqa: T201 - its output
