# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds phrases that this project does not use, in documentation, messages, comments and task names.

``python3 -m tools.prose``: one line for each place, exit code 1 when there is any. The phrases are in tools/prose.yml.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from .pages import REPOSITORY

PHRASES = Path(__file__).with_name("prose.yml")
READ = ("*.md", "*.yml", "*.j2", "*.py", "*.sh", "Makefile")
LEFT_OUT = re.compile(
    r"tools/prose\.yml|tests/unit/tools/test_prose\.py|docs/reference/(?:test-results|reliability|features|cases|speed)\.md"
)
"""The list itself, its test, and pages that a run of the tests writes."""


@dataclass(frozen=True)
class Phrase:
    """A phrase, and what to write instead."""

    expression: re.Pattern[str]
    instead: str


def phrases() -> tuple[Phrase, ...]:
    """The phrases of tools/prose.yml."""
    listed = yaml.safe_load(PHRASES.read_text(encoding="utf-8"))
    return tuple(Phrase(expression(one["not"]), one["but"]) for one in listed)


def expression(text: str) -> re.Pattern[str]:
    """A phrase as an expression; a space also matches the end of a line, with the comment sign of the next one."""
    return re.compile(text.replace(" ", r"(?:[ ]|\n[ \t]*(?:\#[ ]?)?)"), re.IGNORECASE)


def found(name: str, text: str, known: tuple[Phrase, ...]) -> Iterator[str]:
    """A line for each phrase in a text."""
    for phrase in known:
        for match in phrase.expression.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: {' '.join(match[0].split())!r}: write {phrase.instead}"


def files() -> Iterator[Path]:
    """The files that people read."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *READ], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if not LEFT_OUT.fullmatch(name):
            yield REPOSITORY / name


def main() -> int:
    """Entry point."""
    known = phrases()
    lines = [
        line
        for path in files()
        for line in found(str(path.relative_to(REPOSITORY)), path.read_text(encoding="utf-8"), known)
    ]
    print("\n".join(lines or ("no phrase of tools/prose.yml",)))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
