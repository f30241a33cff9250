# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites, one per file, in a folder next to the inventory.

libyaml reads plain files; only those that hold expressions or vaulted values go through Ansible, for Ansible takes
about ten times as long.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ..syntax.problems import Problem
from .reader import SiteFile

SUFFIXES = (".yml", ".yaml")
EXPRESSIONS = ("{{", "{%")
ANSIBLE_MARKS = (*EXPRESSIONS, "!vault", "$ANSIBLE_VAULT", "!unsafe")

Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_site_files(folder: Path, read_by_ansible: Callable[[Path], Any]) -> tuple[list[SiteFile], list[Problem]]:
    """All sites of a folder in the order of their names, and the files that cannot be read.

    :param folder: may be missing, and then holds no sites; its hidden files are left out.
    :param read_by_ansible: reads a file that plain YAML cannot express: expressions, vaulted values.
    """
    files, problems = [], []
    for path in _paths(folder):
        name = f"{folder.name}/{path.name}"
        try:
            text = path.read_text(encoding="utf-8")
            plain = not any(mark in text for mark in ANSIBLE_MARKS)
            content = yaml.load(text, Loader=Loader) if plain else read_by_ansible(path)  # noqa: S506 - a safe loader
        except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
            problems.append(Problem(name, f"cannot be read: {' '.join(str(error).split())}"))
            continue
        if isinstance(content, list):
            problems.append(Problem(name, "holds a list", "a file contains one site: a mapping that begins with name:"))
        elif content is not None:
            files.append(SiteFile(name, content))
    return files, problems


def digest_of_site_files(folder: Path) -> str | None:
    """A digest of the names and the bytes of these files, if the bytes determine their content: None if one contains
    an expression, whose value may have changed. An unreadable file counts as empty."""
    state = hashlib.sha256()
    for path in _paths(folder):
        data = path.read_bytes() if os.access(path, os.R_OK) and path.is_file() else b""
        if any(mark.encode() in data for mark in EXPRESSIONS):
            return None
        state.update(f"{path.name}\0{len(data)}\0".encode() + data)
    return state.hexdigest()


def _paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and not path.name.startswith("."))
