# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads rendered nginx text, which has one directive to a line: its directives with the blocks around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

OF_VALUES = ("geo", "map", "split_clients")
"""Blocks that hold values, and no directives."""


@dataclass(frozen=True)
class Statement:
    """A directive, or the head of a block.

    :param text: without its semicolon or brace, such as ``limit_req zone=api burst=20`` or ``location /api/``.
    :param blocks: the blocks around it, outermost first: the number of each one's line, and its head.
    """

    text: str
    blocks: tuple[tuple[int, str], ...]
    line: int
    opens: bool

    @property
    def directive(self) -> str:
        """Name of the directive; a value counts for the directive whose block it stands in."""
        return directive_of(self.text, [head for _line, head in self.blocks])


def directive_of(text: str, heads: Sequence[str]) -> str:
    """Name of a directive.

    :param heads: heads of the blocks around it; a value counts for the directive whose block it stands in.
    """
    first = [line.split(maxsplit=1)[0] for line in (*heads, text)]
    return next((name for name in first if name in OF_VALUES), first[-1])


def statements(text: str) -> Iterator[Statement]:
    """All directives of a file, in order."""
    blocks: list[tuple[int, str]] = []
    begun = ""
    for number, line in enumerate(text.splitlines()):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        begun = f"{begun} {stripped}".strip()
        if begun == "}":
            blocks.pop()
        elif begun.endswith((";", "{")):
            head, opens = begun[:-1].strip(), begun.endswith("{")
            yield Statement(head, tuple(blocks), number, opens)
            if opens:
                blocks.append((number, head))
        else:
            continue  # it goes on in the next line
        begun = ""


def excerpt(text: str, wanted: Callable[[Statement], bool]) -> str:
    """The wanted directives of a file, with the blocks that they stand in; empty when there are none."""
    lines: list[str] = []
    open_blocks: list[tuple[int, str]] = []

    def close(depth: int) -> None:
        while len(open_blocks) > depth:
            open_blocks.pop()
            lines.append("    " * len(open_blocks) + "}")

    for one in statements(text):
        if not wanted(one):
            continue
        common = 0
        while common < min(len(open_blocks), len(one.blocks)) and open_blocks[common] == one.blocks[common]:
            common += 1
        close(common)
        for block in one.blocks[common:]:
            lines.append("    " * len(open_blocks) + block[1] + " {")
            open_blocks.append(block)
        indent = "    " * len(open_blocks)
        if one.opens:
            lines.append(f"{indent}{one.text} {{")
            open_blocks.append((one.line, one.text))
        else:
            lines.append(f"{indent}{one.text};")
    close(0)
    return "\n".join(lines)


def without_digests(text: str) -> str:
    """The text without the digests that stand in names of zones."""
    return re.sub(r"_[0-9a-f]{8}\b", "", text)
