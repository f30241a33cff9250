# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the steps of a tutorial or a how-to guide, so that a test can carry them out.

A page marks its steps in the same way everywhere:

- A ``console`` block contains commands, one on each line, without a prompt. A backslash at the end of a line continues
  the command. Lines that begin with ``#`` are comments.
- ``console fails``: the last command of the block fails (its exit code is not 0). The others succeed.
- ``console skip``: a test does not run the commands, because they need something that the page only describes.
- A ``text output`` block after a console block is the output of the last command of that block, standard output and
  standard error together. ``...`` matches any text. Differences in white space do not count, because the width of a
  terminal changes line breaks (:meth:`Command.matches`).
- A line that consists of a path and a colon (`` `prod/hosts.yml`: ``) directly before a block means: write the block to
  that file. It replaces an existing file. A relative path is relative to the current directory. With ``skip``, such
  as ``yaml skip``, a test does not write it.
- A line ``cd DIRECTORY`` changes the current directory for all further steps of the page.

All other blocks are for the reader only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .markdown import Block, blocks

CONSOLE, OUTPUT = "console", ("text", ("output",))
FAILS, SKIP = "fails", "skip"
ANY_TEXT = "..."


@dataclass(frozen=True)
class Step:
    """One step of a page.

    :param line: its line number on the page.
    :param section: the heading that it belongs to.
    :param directory: where it is carried out, relative to the directory in which the reader starts (``.``).
    """

    line: int
    section: str
    directory: str


@dataclass(frozen=True)
class Command(Step):
    """A command for ``sh -c``.

    :param text: the command.
    :param fails: its exit code is not 0.
    :param output: what the page shows as its output; None if it shows nothing.
    """

    text: str
    fails: bool = False
    output: str | None = None

    def matches(self, printed: str) -> bool:
        """Whether the output of the command is what the page shows; true if the page shows nothing."""
        if self.output is None:
            return True
        parts = [r"\s+".join(map(re.escape, part.split())) for part in self.output.split(ANY_TEXT)]
        return re.fullmatch(r"\s*" + r".*".join(parts) + r"\s*", printed, re.DOTALL) is not None


@dataclass(frozen=True)
class File(Step):
    """A file to write.

    :param path: relative to ``directory``, or absolute.
    """

    path: str
    content: str


def read_steps(text: str) -> list[Step]:
    """The steps of a page in their order.

    :raises ValueError: the page does not follow the conventions; the message begins with the line number.
    """
    steps: list[Step] = []
    directory = "."
    previous: list[Command] | None = None  # the commands of the block before, if it is a console block
    for block in blocks(text):
        if (block.language, block.words) == OUTPUT:
            if previous is None:
                raise ValueError(f"line {block.line}: an output without a command before it")
            if previous:
                steps[-1] = replace(previous[-1], output=block.content)
            previous = None
            continue
        previous = None
        if block.language == CONSOLE:
            if unknown := set(block.words) - {FAILS, SKIP}:
                raise ValueError(f"line {block.line}: unknown words after console: {' '.join(sorted(unknown))}")
            previous = []
            if SKIP not in block.words:
                previous, directory = _commands(block, directory)
                steps += previous
        elif block.path and SKIP not in block.words:
            steps.append(File(block.line, block.section, directory, block.path, block.content))
    return steps


def _commands(block: Block, directory: str) -> tuple[list[Command], str]:
    found: list[Command] = []
    for line, text in _logical_lines(block):
        if changed := re.fullmatch(r"cd ([\w./~-]+)", text):
            directory = posixpath.normpath(posixpath.join(directory, changed[1]))
        else:
            found.append(Command(line, block.section, directory, text))
    if not found and FAILS in block.words:
        raise ValueError(f"line {block.line}: no command that can fail")
    if found and FAILS in block.words:
        found[-1] = replace(found[-1], fails=True)
    return found, directory


def _logical_lines(block: Block) -> Iterator[tuple[int, str]]:
    """Line number and text of each command."""
    collected: list[str] = []
    first = block.line
    for number, line in enumerate(block.content.splitlines(), start=block.line + 1):
        if not collected and (not line.strip() or line.startswith("#")):
            continue
        first = first if collected else number
        collected.append(line)
        if not line.endswith("\\"):
            yield first, "\n".join(collected)
            collected = []
    if collected:
        raise ValueError(f"line {block.line}: the last command is not complete")
