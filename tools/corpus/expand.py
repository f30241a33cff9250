# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows with parameters: one row for each combination of their values; and the placeholders ``<<name>>`` in texts."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

PLACEHOLDER = re.compile(r"<<([a-z_.]+)>>")
REPEATED = re.compile(r"<<(\w):(\d+)>>")


def expanded(row: Mapping[str, Any], lists: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows that a row with parameters stands for.

    ``with`` names the parameters. A value is a list, or the name of one in ``lists``. An item is a text, or a mapping
    with a ``name``: its texts are ``<<parameter.key>>``, and its ``use`` is laid over the row.
    """
    parameters: dict[str, list[Any]] = {
        name: lists[values] if isinstance(values, str) else values for name, values in row.get("with", {}).items()
    }
    bare = {key: value for key, value in row.items() if key != "with"}
    taken: set[str] = set()
    for items in itertools.product(*parameters.values()):
        values: dict[str, str] = {}
        one = dict(bare)
        name = bare["name"]
        for parameter, item in zip(parameters, items):
            values |= _texts(parameter, item)
            if isinstance(item, Mapping):
                one |= item.get("use", {})
            name = f"{name}-{_slug(item)}"
        while name in taken:
            name += "+"
        taken.add(name)
        values = {key: filled(value, values) for key, value in values.items()}  # items may name other parameters
        yield {**filled(one, values), "name": name}


def _texts(parameter: str, item: Any) -> dict[str, str]:
    if isinstance(item, Mapping):
        return {f"{parameter}.{key}": str(value) for key, value in item.items() if key != "use"}
    text = str(item)
    return {parameter: text, f"{parameter}.lower": text.lower(), f"{parameter}.upper": text.upper()}


def _slug(item: Any) -> str:
    text = str(item["name"] if isinstance(item, Mapping) else item)
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or text.encode("latin-1", "replace").hex()


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """A value with the placeholders in all its texts replaced; unknown ones stay for a later turn.

    ``<<a:100>>`` stands for a character a hundred times.
    """
    if isinstance(value, str):
        repeated = REPEATED.sub(lambda match: match[1] * int(match[2]), value)
        return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), repeated)
    if isinstance(value, Mapping):
        return {filled(key, values): filled(one, values) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(filled(one, values) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: filled(getattr(value, one.name), values) for one in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value
