# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs run without a pause after their end, and logs are read from a position."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost


@pytest.mark.case("G13")
def test_a_wait_ends_when_the_program_exits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own wait with a timeout sleeps between polls."""

    def refuse(_seconds: float) -> None:
        raise AssertionError("polls for the end of the program")

    monkeypatch.setattr(time, "sleep", refuse)
    done = LocalHost().run([sys.executable, "-c", "print(input())"], stdin="hello\n")
    assert (done.code, done.stdout) == (0, "hello\n")


def test_a_program_that_takes_too_long_is_ended() -> None:
    done = LocalHost().run(["sleep", "60"], timeout=0.1)
    assert (done.code, done.stderr) == (124, "sleep: not finished after 0.1 s")


@pytest.mark.case("F14")
def test_a_log_is_read_from_a_position(tmp_path: Path) -> None:
    host, log = LocalHost(), tmp_path / "error.log"
    assert (host.size(str(log)), host.read_from(str(log), 5)) == (0, b"")
    log.write_bytes(b"before\n")
    position = host.size(str(log))
    with log.open("ab") as stream:
        stream.write(b"after\n")
    assert host.read_from(str(log), position) == b"after\n"
    log.write_bytes(b"new\n")  # rotated
    assert host.read_from(str(log), position) == b"new\n"
