# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the parts of a Markdown page that tests check: fenced blocks, headings and links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
HEADING = re.compile(r"^(#{1,6}) +(.*?) *#*$")
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
PATH = re.compile(r"^ *`([^`\s]+)`:$")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    :param language: the first word of the info string, such as ``yaml``.
    :param words: the other words of the info string.
    :param content: the lines between the fences, without the indentation of the fence.
    :param line: the line number of the opening fence.
    :param section: the heading that it belongs to.
    :param path: the path in the line before the block (`` `prod/hosts.yml`: ``), or an empty text.
    """

    language: str
    words: tuple[str, ...]
    content: str
    line: int
    section: str
    path: str


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page.

    :raises ValueError: a block has no end.
    """
    lines = text.splitlines()
    section = before = ""
    number = 0
    while number < len(lines):
        start, line = number, lines[number]
        number += 1
        if heading := HEADING.match(line):
            section = heading[2]
        if not (fence := FENCE.match(line)):
            before = line or before
            continue
        indent, end = len(fence["indent"]), re.compile(rf" *{fence['fence'][0]}{{{len(fence['fence'])},}} *")
        content = []
        while number < len(lines) and not end.fullmatch(lines[number]):
            content.append(lines[number][indent:] if not lines[number][:indent].strip() else lines[number])
            number += 1
        if number == len(lines):
            raise ValueError(f"line {start + 1}: the block has no end")
        number += 1
        language, *words = fence["info"].split() or [""]
        path = PATH.match(before)
        yield Block(
            language,
            tuple(words),
            "".join(f"{line}\n" for line in content),
            start + 1,
            section,
            path[1] if path else "",
        )
        before = ""


def outside_blocks(text: str, change: Callable[[str], str]) -> str:
    """The page with a change of all parts that are not in a fenced block."""
    lines = text.splitlines(keepends=True)
    written: list[str] = []
    last = 0
    for block in blocks(text):
        end = block.line + block.content.count("\n") + 1
        written += [change("".join(lines[last : block.line - 1])), *lines[block.line - 1 : end]]
        last = end
    return "".join((*written, change("".join(lines[last:]))))


def links(text: str) -> Iterator[tuple[int, str]]:
    """Line number and target of each link outside of blocks."""
    blanked = _without_blocks(text)
    for match in LINK.finditer(blanked):
        yield blanked.count("\n", 0, match.start()) + 1, match[1]


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as the repository and the site create them."""
    found: set[str] = set()
    for line in _without_blocks(text).splitlines():
        if heading := HEADING.match(line):
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[2]).lower()
            slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
            number = sum(1 for other in found if re.fullmatch(rf"{re.escape(slug)}(-\d+)?", other))
            found.add(f"{slug}-{number}" if number else slug)
    return found


def _without_blocks(text: str) -> str:
    """The page with empty lines in the place of its blocks."""
    lines = text.splitlines()
    for block in blocks(text):
        end = block.line + block.content.count("\n") + 1
        lines[block.line - 1 : end] = [""] * (end - block.line + 1)
    return "\n".join(lines)
