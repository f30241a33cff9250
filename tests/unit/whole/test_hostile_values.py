# SPDX-License-Identifier: GPL-3.0-or-later
"""A hundred hostile values for every option that is text: none leaves its parameter, and no error repeats a line break
or a secret.

Each value replaces the one that a tested model gives to the option. Where the model is accepted, the parser of nginx's
language has to find the same directives as with a harmless value.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import Plan
from ansible_collections.hardened.nginx_edge.tests.properties.structure import Tree, parsed
from ansible_collections.hardened.nginx_edge.tests.properties.texts import PAYLOADS
from ansible_collections.hardened.nginx_edge.tests.unit.models import OPTIONS, planned, rendered_plan
from ansible_collections.hardened.nginx_edge.tools.examples import Model, OptionPath, Place, uses

LEAST = 100
MARK = "s3cr3t-Mark"
"""Stands in every value of a secret option."""
TABLES = ("map", "geo", "split_clients")
NAME = re.compile(r"[a-z0-9_]+")
RAW = ("extra_directives", "edge_extra_directives", "edge_stream_extra_directives")
"""Options that are nginx's language themselves."""


def text_options(options: Mapping[str, Any] = OPTIONS, above: OptionPath = ()) -> Iterator[OptionPath]:
    for name, option in options.items():
        path = (*above, name)
        kind = option.get("elements") if option["type"] == "list" else option["type"]
        if option.get("options"):
            yield from text_options(option["options"], path)
        elif kind in ("str", "dict") and "choices" not in option and name not in RAW:
            yield path


def is_secret(path: OptionPath) -> bool:
    options: Mapping[str, Any] = OPTIONS
    for name in path:
        if options[name].get("no_log"):
            return True
        options = options[name].get("options") or {}
    return False


def hostile_values(good: str, *, secret: bool) -> list[str]:
    """At least a hundred: payloads alone, after and before a value that is accepted."""
    values = [*PAYLOADS, *(good + payload for payload in PAYLOADS), *(payload + good for payload in PAYLOADS)]
    return [MARK + value for value in values] if secret else values


def replaced(model: Model, place: Place, value: Any) -> dict[str, Any]:
    variables = copy.deepcopy(model.variables)
    node: Any = variables
    for key in place[:-1]:
        node = node[key]
    old = node[place[-1]]
    if isinstance(old, list):
        value = [value, *old[1:]]
    elif isinstance(old, dict):
        value = {**old, next(iter(old), "X-Example"): value}
    node[place[-1]] = value
    return variables


def names_in(tree: Tree) -> Iterator[str]:
    """Names of all directives; the entries of maps have other names."""
    for name, _parameters, block in tree:
        yield name
        if name not in TABLES:
            yield from names_in(block or [])


def harmless(plan: Plan, model: Model) -> None:
    """No part of a value is a directive."""
    for path, tree in parsed(rendered_plan(plan, model.target)).items():
        assert [name for name in names_in(tree) if not NAME.fullmatch(name) or "evil" in name] == [], path


def first_use(path: OptionPath) -> tuple[Model, Place, Any]:
    return next(use for use in uses(path) if use[2] not in (None, [], {}))


@pytest.mark.parametrize("path", list(text_options()), ids=".".join)
def test_no_value_leaves_its_parameter(path: OptionPath, record_property: Any) -> None:
    model, place, value = first_use(path)
    good = value[0] if isinstance(value, list) else next(iter(value.values())) if isinstance(value, dict) else value
    secret = is_secret(path)
    values = hostile_values(str(good), secret=secret)
    assert len(values) >= LEAST
    accepted = 0
    for hostile in values:
        plan = planned(replaced(model, place, hostile), model.target)
        told = [str(problem) for problem in (*plan.problems, *plan.warnings, *plan.lifted)]
        for line in told:
            assert all(character.isprintable() for character in line), (hostile, line)
            assert not secret or MARK not in line, (hostile, line)
        if not plan.problems:
            accepted += 1
            harmless(plan, model)
    record_property("accepted", str(accepted))


SECRET = "s3cret-token"  # noqa: S105 - of no service


@pytest.mark.parametrize(
    "variables",
    [
        {"edge_request_headers": f"Authorization: {SECRET}"},
        {"edge_request_headers": {f"Authorization: {SECRET}": ""}},
        {"edge_request_headers": {"X-Token": f"{SECRET}\n"}},
        {"edge_response_headers": SECRET},
        {"edge_response_headers": {"set": f"X-A: {SECRET}"}},
        {"edge_user_lists": f"anna:{SECRET}"},
        {"edge_user_lists": [{"name": "staff", "users": f"anna:{SECRET}"}]},
        {"edge_user_lists": [{"name": "staff", "users": [f"anna:{SECRET}"]}]},
        {"edge_user_lists": [{"name": "staff", "users": [{"name": f"anna:{SECRET}"}]}]},
        {"edge_acme": f"ops@example.com {SECRET}"},
        {"edge_acme": {"email": "ops@example.com", "eab": f"kid {SECRET}"}},
        {"edge_extra_directives": f"proxy_set_header Authorization {SECRET}"},
    ],
)
def test_a_secret_at_the_wrong_place_is_not_repeated(variables: dict[str, Any]) -> None:
    told = [str(problem) for problem in planned(variables).problems]
    assert told
    assert [line for line in told if SECRET in line] == []
