# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites, one per file, in a folder next to the inventory.

libyaml reads plain files; only those that hold expressions or vaulted values go through Ansible, for Ansible takes
about ten times as long.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..syntax.problems import Problem
from .reader import SiteFile

SUFFIXES = (".yml", ".yaml")
EXPRESSIONS = ("{{", "{%")
ANSIBLE_MARKS = (*EXPRESSIONS, "!vault", "$ANSIBLE_VAULT", "!unsafe")

Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class SiteFiles:
    """The files of a folder.

    :param sites: in the order of their names.
    :param problems: of files that cannot be read, or are no site.
    :param warnings: of files that are left out.
    """

    sites: list[SiteFile]
    problems: list[Problem]
    warnings: list[Problem]


def read_site_files(folder: Path, read_by_ansible: Callable[[Path], Any]) -> SiteFiles:
    """All sites of a folder.

    :param folder: may be missing, and then holds no sites; its hidden files are left out.
    :param read_by_ansible: reads a file that plain YAML cannot express: expressions, vaulted values.
    """
    found = SiteFiles([], [], list(_left_out(folder)))
    for path in _paths(folder):
        name = f"{folder.name}/{path.name}"
        if not path.name.isprintable():
            found.problems.append(Problem(name, "has a name with control characters", "rename the file"))
            continue
        try:
            content, wrong = _read(path, read_by_ansible)
        except yaml.MarkedYAMLError as error:
            found.problems.append(_not_yaml(name, path, error))
            continue
        except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
            found.problems.append(Problem(name, f"cannot be read: {' '.join(str(error).split())}"))
            continue
        found.problems.extend(Problem(f"{name}:{line}", reason, remedy) for line, reason, remedy in wrong)
        if wrong:
            continue
        if isinstance(content, list):
            reason = "holds a list"
            found.problems.append(Problem(name, reason, "a file contains one site: a mapping that begins with name:"))
        elif content is None:
            found.problems.append(Problem(name, "is empty", "write a site, or remove the file to remove its site"))
        else:
            found.sites.append(SiteFile(name, content))
    return found


def _not_yaml(name: str, path: Path, error: yaml.MarkedYAMLError) -> Problem:
    reason = f"is not valid YAML: {error.problem or error.context}"
    if error.problem_mark is None:
        return Problem(name, reason)
    number = error.problem_mark.line
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    indent = re.match(r"\s*", lines[number]) if number < len(lines) else None
    remedy = "indent with spaces instead of tabs" if indent and "\t" in indent[0] else ""
    return Problem(f"{name}:{number + 1}", reason, remedy)


def _read(path: Path, read_by_ansible: Callable[[Path], Any]) -> tuple[Any, list[tuple[int, str, str]]]:
    """The content of a file, and its duplicate keys: line, reason, remedy."""
    text = path.read_text(encoding="utf-8")
    if text.startswith("$ANSIBLE_VAULT"):
        return read_by_ansible(path), []
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        duplicates = list(_duplicates(node))
        if duplicates or any(mark in text for mark in ANSIBLE_MARKS):
            return (None if duplicates else read_by_ansible(path)), duplicates
        return (None if node is None else loader.construct_document(node)), []
    finally:
        loader.dispose()


def _duplicates(node: Any) -> Iterator[tuple[int, str, str]]:
    """YAML readers take the last of two equal keys without a word."""
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in lines and isinstance(key, yaml.ScalarNode):
                yield line, f"'{key.value}' is already in line {lines[key.value]}", "write it once"
            elif isinstance(key, yaml.ScalarNode):
                lines[key.value] = line
            yield from _duplicates(value)
    elif isinstance(node, yaml.SequenceNode):
        for inner in node.value:
            yield from _duplicates(inner)


def digest_of_site_files(folder: Path) -> str | None:
    """A digest of the names and the bytes of these files, if the bytes determine their content: None if one contains
    an expression, whose value may have changed. An unreadable file counts as empty."""
    state = hashlib.sha256()
    for path in (*_paths(folder), *_others(folder)):
        data = path.read_bytes() if os.access(path, os.R_OK) and path.is_file() else b""
        if any(mark.encode() in data for mark in EXPRESSIONS):
            return None
        state.update(f"{path.name!r}\0{len(data)}\0".encode() + data)
    return state.hexdigest()


def _left_out(folder: Path) -> Iterator[Problem]:
    for path in _others(folder):
        reason = "is not read, because its name does not end with .yml or .yaml"
        yield Problem(f"{folder.name}/{path.name}", reason, "rename it, or move it to another folder")


def _paths(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.suffix in SUFFIXES]


def _others(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.suffix not in SUFFIXES and path.stem != "README"]


def _visible(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
