# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a place of the model is written: file and line of the YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Callable

import yaml

from ..syntax.problems import is_within

Position = Callable[[Any], "tuple[str, int] | None"]
"""File and line at which a value of a variable is written; None if it is not known."""

_STEP = re.compile(r"\[(?P<index>\d+)\](?: \([^)]*\))?|\.?(?P<key>[^.\[\]]+)")


def steps(place: str) -> list[str | int]:
    """``edge_sites[0] (www.example.com).https`` -> ``edge_sites``, 0, ``https``."""
    return [int(one["index"]) if one["index"] else one["key"] for one in _STEP.finditer(place)]


def position_in_variables(place: str, variables: Mapping[str, Any], position: Position) -> tuple[str, int] | None:
    """File and line of a place, or of the innermost mapping or list around it that has a known position.

    :param variables: the variables of a host, before their expressions are evaluated.
    """
    found = None
    value: Any = variables
    for step in steps(place):
        if isinstance(value, Mapping) and step in value:
            key = next(one for one in value if one == step)
            # The key knows the line of the option. The key of a variable may come from another file than its value,
            # because Ansible keeps the first key when it merges variables.
            of_key = None if value is variables else position(key)
            value = value[step]
            found = of_key or position(value) or found
        elif isinstance(value, Sequence) and not isinstance(value, str) and isinstance(step, int) and step < len(value):
            value = value[step]
            found = position(value) or found
        else:
            break
    return found


def line_in_file(text: str, path: Sequence[str | int]) -> int:
    """The line of a place in a YAML file, or of the innermost mapping or list around it.

    :param path: keys and indexes that lead to the place.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return 1
    line = node.start_mark.line if node else 0
    for step in path:
        entry = _entry(node, step)
        if entry is None:
            break
        line, node = entry
    return int(line) + 1


def _entry(node: Any, step: str | int) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark.line, value) for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line, node.value[step]
    return None


class Origins:
    """Finds file and line of the places of one host's model.

    :param variables: its variables, before their expressions are evaluated.
    :param position: see :data:`Position`.
    :param files: places of the sites that have their own file -> name of the file.
    :param folder: folder of these files.
    """

    def __init__(
        self, variables: Mapping[str, Any], position: Position, files: Mapping[str, str], folder: Path
    ) -> None:
        self._variables = variables
        self._position = position
        self._files = files
        self._folder = folder

    def __call__(self, place: str) -> str:
        """``prod/group_vars/edge/sites.yml:14``; empty if the file is not known."""
        site = next((one for one in self._files if is_within(place, one)), None)
        if site is not None:
            path = self._folder.parent / self._files[site]
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                return _shown(str(path))
            return f"{_shown(str(path))}:{line_in_file(text, steps(place)[2:])}"
        found = position_in_variables(place, self._variables, self._position)
        return f"{_shown(found[0])}:{found[1]}" if found else ""


def _shown(path: str) -> str:
    """A path relative to the current folder if it is inside, as the operator knows it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
