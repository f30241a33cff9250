# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command costs, and what the recap of a run means."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tools.bench.controller_runs import (
    changed_tasks,
    measured,
    settings_of_users,
)

BURN = "import time\nwhile time.process_time() < 0.3: pass"
MEBIBYTES = 64
RECAP = """
PLAY RECAP ***
edge-1 : ok=5    changed=2    unreachable=0    failed=0    skipped=1
edge-2 : ok=5    changed=0    unreachable=0    failed=0    skipped=1
"""


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_wall_time_output_and_memory(tmp_path: Path) -> None:
    code = f"import time; data = bytearray({MEBIBYTES} << 20); time.sleep(0.2); print('done')"
    run = measured(python(code), tmp_path, os.environ)
    assert run.output == "done\n"
    assert run.seconds >= 0.2
    assert MEBIBYTES < run.peak_mebibytes < 2 * MEBIBYTES


def test_the_memory_of_this_process_does_not_count(tmp_path: Path) -> None:
    data = bytearray(b"x") * (128 << 20)
    run = measured(python("pass"), tmp_path, os.environ)
    assert run.peak_mebibytes < 100
    assert data


def test_the_cpu_of_a_process_that_outlives_its_parent_counts(tmp_path: Path) -> None:
    code = f"import subprocess, sys; subprocess.Popen((sys.executable, '-c', {BURN!r}))"
    assert measured(python(code), tmp_path, os.environ, patience=60).cpu_seconds >= 0.3


def test_a_failure_names_the_command_and_the_last_lines(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"exit code 3:\nthe reason"):
        measured(python("print('the reason'); raise SystemExit(3)"), tmp_path, os.environ)


def test_a_command_that_does_not_end_is_killed(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        measured(python("import time; time.sleep(60)"), tmp_path, os.environ, timeout=0.5)
    assert time.monotonic() - started < 30


def test_the_recap_has_the_changes_of_each_host() -> None:
    assert changed_tasks(RECAP) == {"edge-1": 2, "edge-2": 0}
    with pytest.raises(RuntimeError, match="without a recap"):
        changed_tasks("ERROR! no playbook")


def test_the_settings_of_a_developer_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_FORKS", "1")
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    found = settings_of_users()
    assert "ANSIBLE_FORKS" not in found
    assert "PYTHONPATH" not in found
