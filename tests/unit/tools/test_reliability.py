# SPDX-License-Identifier: GPL-3.0-or-later
"""From what tests of faults record to the table of docs/reference/reliability.md."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from ansible_collections.hardened.nginx_edge.tools.reliability import (
    Bug,
    Guard,
    Measured,
    Row,
    as_markdown,
    collect,
    measured_row,
)

ROW = Row(
    fault="killed",
    system="trixie",
    reports="generation 0123456789abcdef-2 of trixie.test (process 17)",
    during="all",
    after="the old one",
    sound=True,
    next_run="goes on",
    injected=40,
)
GUARD = Guard("a guard", "a fall", (Bug("x.py", "a", "b", ("tests/unit/test_x.py::test_y",)),), ("molecule/f/t.py::z",))


def report(folder: Path, *cases: tuple[Row, str]) -> Path:
    """A report as pytest writes it."""
    found = "".join(
        f'<testcase name="t"><properties><property name="fault" value={quoteattr(row.as_property())} />'
        f"</properties>{outcome}</testcase>"
        for row, outcome in cases
    )
    path = folder / "report.xml"
    path.write_text(f"<testsuites><testsuite>{found}</testsuite></testsuites>", encoding="utf-8")
    return path


def test_rows_of_one_fault_are_one_line(tmp_path: Path) -> None:
    bookworm = replace(ROW, system="bookworm", after="the new | one", injected=41)
    recorded = collect([report(tmp_path, (ROW, ""), (bookworm, ""))])
    page = as_markdown(recorded, [GUARD], ["Written by a test."], in_units=300)
    assert "81 faults were injected on test hosts, and 300 into the core in unit tests." in page
    line = next(line for line in page.splitlines() if line.startswith("| killed"))
    assert line == (
        "| killed (81 times) | trixie, bookworm | generation NAME of SITE (process N) | all "
        "| the old one — or: the new \\| one | passes | goes on |"
    )


def test_guards_stand_beside_their_tests() -> None:
    page = as_markdown(collect([]), [GUARD], [])
    assert "| a guard | a fall | `unit/test_x.py::test_y`<br>`f/t.py::z` |" in page


def test_a_fault_whose_test_failed_is_told_as_failed(tmp_path: Path) -> None:
    recorded = collect([report(tmp_path, (ROW, "<failure/>"), (replace(ROW, fault="full"), "<skipped/>"))])
    assert (recorded.rows, recorded.injected) == ((), 0)
    assert recorded.failed == ("killed (trixie)", "full (trixie)")
    assert "| killed (trixie) | ✘ its test failed |||||" in as_markdown(recorded, [], [])


TOLD: dict[str, Any] = {
    "fault": "a fault",
    "system": "trixie",
    "reports": "done",
    "after": "the same",
    "next_run": "finds nothing",
}
NO_FAILURE = "no fresh request failed; downloads went on"


@pytest.mark.case("F12")
@pytest.mark.parametrize(
    ("measured", "given", "message"),
    [
        (Measured(sound=[True]), {}, "no request was counted"),
        (Measured(10, ["reset"], [True]), {}, "requests failed"),
        (Measured(10, [], [True]), {"watched": ["reset"]}, "requests failed"),
        (Measured(10), {}, "nginx -t was not asked"),
    ],
)
def test_a_row_cannot_claim_what_was_not_measured(measured: Measured, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"a fault: {message}"):
        measured_row(measured, during=NO_FAILURE, **given, **TOLD)


def test_a_row_states_what_was_measured() -> None:
    assert measured_row(Measured(10, [], [True, False]), during=NO_FAILURE, **TOLD).sound is False
    assert measured_row(Measured(), during=NO_FAILURE, watched=[], sound=[True], **TOLD).sound is True
    assert measured_row(Measured(0, ["reset"], [True]), during="nothing", **TOLD).during == "nothing"
