# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands and what the user sees of them."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


class CommandError(DemoError):
    """A command failed; words is what it said itself."""

    def __init__(self, argv: Sequence[str], code: int, words: str = "") -> None:
        super().__init__(f"{' '.join(argv)}: exit code {code}" + (f": {words}" if words else ""))
        self.words = words


def say(text: str) -> None:
    print(text, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    say(f"\n▸ {title}")
    started = time.monotonic()
    yield
    say(f"  {time.monotonic() - started:.1f} s")


def run(argv: Sequence[str], *, input_text: str | None = None, timeout: float = 120) -> str:
    """Standard output of a command that is expected to succeed."""
    try:
        completed = subprocess.run(argv, input=input_text, capture_output=True, text=True, timeout=timeout, check=False)
    except FileNotFoundError as error:
        raise DemoError(f"{argv[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise DemoError(f"{' '.join(argv)}: no end after {timeout:.0f} s") from error
    if completed.returncode != 0:
        words = (completed.stderr.strip() or completed.stdout.strip() or "no output")[-2000:]
        raise CommandError(argv, completed.returncode, words)
    return completed.stdout


def stream(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, margin: str = "  ") -> str:
    """As run, with every line shown as it comes."""
    lines: list[str] = []
    with subprocess.Popen(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            say(f"{margin}{line.rstrip()}")
            lines.append(line)
    if process.returncode != 0:
        raise CommandError(argv, process.returncode)
    return "".join(lines)
