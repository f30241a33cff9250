# SPDX-License-Identifier: GPL-3.0-or-later
"""``tests/hosts/pull.sh`` tells a registry that does not answer from one that is slow; a fake ``docker`` plays them."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

PULL = Path(__file__).resolve().parents[2] / "hosts" / "pull.sh"
STARTED = 'echo "trixie-slim: Pulling from library/debian"'


def pull(folder: Path, registry: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Pull from a registry for which a shell script stands; also returns the seconds that it took."""
    programs = folder / "bin"
    programs.mkdir()
    docker = programs / "docker"
    docker.write_text(f"#!/bin/sh\necho $$ >{folder}/pid\n{registry}\n", encoding="utf-8")
    docker.chmod(0o755)
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PULL_FIRST_ANSWER_SECONDS": "2",
        "PULL_LONGEST_SECONDS": "6",
        "PULL_PROGRESS_SECONDS": "1",
    }
    started = time.monotonic()
    done = subprocess.run(
        [str(PULL), "debian:trixie-slim", str(folder / "log")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done, time.monotonic() - started


def test_a_refusal_is_reported_at_once(tmp_path: Path) -> None:
    reason = "dial tcp 192.0.2.1:443: connect: connection refused"
    done, seconds = pull(tmp_path, f'echo "Error response from daemon: {reason}" >&2; exit 1')
    assert (done.returncode, done.stderr) == (1, f"{reason}\n")
    assert seconds < 5


def test_a_silent_registry_is_given_up(tmp_path: Path) -> None:
    done, seconds = pull(tmp_path, "exec sleep 60")
    assert (done.returncode, done.stderr) == (1, "no answer from the registry within 2 s\n")
    assert seconds < 15
    assert not Path("/proc", (tmp_path / "pid").read_text(encoding="utf-8").strip()).exists()


def test_a_slow_pull_is_waited_for_and_shows_progress(tmp_path: Path) -> None:
    done, seconds = pull(tmp_path, f"{STARTED}; sleep 4; echo done")
    assert (done.returncode, done.stderr) == (0, "")
    assert seconds > 4
    assert re.search(r"^image debian:trixie-slim … pulling, \d+ s so far$", done.stdout, re.MULTILINE)


def test_a_registry_that_answers_late_is_waited_for(tmp_path: Path) -> None:
    done, _seconds = pull(tmp_path, f"sleep 1; {STARTED}; sleep 2")
    assert done.returncode == 0


def test_a_pull_that_breaks_off_says_why(tmp_path: Path) -> None:
    done, _seconds = pull(tmp_path, f'{STARTED}; echo "unexpected EOF" >&2; exit 1')
    assert (done.returncode, done.stderr) == (1, "unexpected EOF\n")


def test_a_pull_without_end_is_given_up(tmp_path: Path) -> None:
    done, seconds = pull(tmp_path, f"{STARTED}; exec sleep 60")
    assert (done.returncode, done.stderr) == (1, "the pull did not end within 6 s\n")
    assert seconds < 20
