# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end of a run says of a test that failed."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.hardened.nginx_edge.tools.testrun import failures

REPORT = """<testsuites><testsuite tests="4" failures="1" errors="1" skipped="1">
<testcase classname="tests.unit.test_a" name="test_passes" />
<testcase classname="tests.unit.test_a" name="test_fails[trixie]">
<failure message="1 == 2">…</failure></testcase>
<testcase classname="tests.unit.test_a" name="test_errs"><error message="failed on setup">…</error></testcase>
<testcase classname="tests.unit.test_a" name="test_waits"><skipped message="not today" /></testcase>
</testsuite></testsuites>"""


def test_the_end_names_each_failed_test_and_its_error(tmp_path: Path) -> None:
    report = tmp_path / "unit.xml"
    report.write_text(REPORT, encoding="utf-8")
    assert failures([report, tmp_path / "missing.xml"]) == [
        "tests/unit/test_a.py::test_fails[trixie]: 1 == 2",
        "tests/unit/test_a.py::test_errs: failed on setup",
        "tests/unit/test_a.py::test_waits: not today",
    ]
