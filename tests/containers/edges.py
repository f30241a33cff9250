# SPDX-License-Identifier: GPL-3.0-or-later
"""The real nginx of each target, in a container that waits for configurations to test."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..properties.texts import HOST_WITH_ADDRESS

AGENT = Path(__file__).with_name("agent.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Verdict:
    """What ``nginx -t`` says of a configuration."""

    code: int
    printed: str

    @property
    def accepted(self) -> bool:
        """Taken, and without a warning."""
        return self.code == 0 and "[warn]" not in self.printed and "[emerg]" not in self.printed


@dataclass(frozen=True)
class EdgeContainer:
    """A container whose agent reads configurations and answers with verdicts."""

    questions: IO[str]
    answers: IO[str]

    def ask(self, files: Mapping[str, str], command: Sequence[str] = ()) -> None:
        """Have a configuration tested; several containers may be asked before one is read.

        :param command: to be run while nginx serves that configuration, for the answer.
        """
        self.questions.write(json.dumps({"files": files, "command": command}) + "\n")
        self.questions.flush()

    def answer(self) -> Verdict:
        """The verdict on what was asked."""
        line = self.answers.readline()
        assert line, "the agent in the container has ended"
        return Verdict(*json.loads(line))

    def verdict(self, files: Mapping[str, str], command: Sequence[str] = ()) -> Verdict:
        """Ask and wait."""
        self.ask(files, command)
        return self.answer()


@contextmanager
def edge_container(suite: str, image: str = "edge") -> Iterator[EdgeContainer]:
    """A container of an image of a suite that has nginx, removed at the end. nginx does not run in it."""
    name = f"{HOST_WITH_ADDRESS}:10.0.0.9"
    options = ("--rm", "--init", "--interactive", "--cap-add", "NET_ADMIN", "--add-host", name)  # for more addresses
    command = ("docker", "run", *options, f"nginx-edge/{image}:{suite}")
    with subprocess.Popen(
        [*command, "python3", "-c", AGENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield EdgeContainer(process.stdin, process.stdout)
        finally:
            process.stdin.close()  # the agent ends, and with it the container
