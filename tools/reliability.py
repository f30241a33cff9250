# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: from the records of the tests of faults to docs/reference/reliability.md, next to the guards.

A test that injects a fault into a real host records a :class:`Row` (``molecule/shared/matrix.py``); pytest's report
carries it as the property ``fault``, and :func:`collect` reads it there. ``tests/reliability.yml`` lists the guards:
what each keeps from happening, bugs that take it away, and tests that turn red then
(``tests/unit/whole/test_guards.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

DATA = Path(__file__).resolve().parents[1] / "tests" / "reliability.yml"
NO_FAILURE = "no fresh request failed"
_NOT_THE_SAME_TWICE = (
    (re.compile(r"\b[0-9a-f]{16}(-\d+)?\b"), "NAME"),
    (re.compile(r"\(process \d+\)"), "(process N)"),
    (re.compile(r"\.conf:\d+"), ".conf:N"),
    (re.compile(r"\b(?:bookworm|trixie|bullseye|forky)\.test"), "SITE"),
)


@dataclass(frozen=True)
class Row:
    """A fault on a real host, and what came of it.

    :param system: such as ``trixie``.
    :param reports: what the run, or the command, said and whether it failed.
    :param during: what clients got while it happened; ``after``: when it was over, before anything was repaired.
    :param sound: whether ``nginx -t`` passed in between, whenever it was asked.
    :param next_run: what the next run did.
    :param injected: how many single faults it stands for.
    """

    fault: str
    system: str
    reports: str
    during: str
    after: str
    sound: bool
    next_run: str
    injected: int = 1

    def as_property(self) -> str:
        """For pytest's report; names of generations and numbers of processes are left out."""
        told = json.dumps(asdict(self))
        for pattern, word in _NOT_THE_SAME_TWICE:
            told = pattern.sub(word, told)
        return told


@dataclass
class Measured:
    """What a test has measured on an edge.

    :param requests: fresh connections while something was done to it; ``failures``: those without an answer.
    :param sound: whether ``nginx -t`` passed, each time that it was asked.
    """

    requests: int = 0
    failures: list[str] = field(default_factory=list)
    sound: list[bool] = field(default_factory=list)


def measured_row(
    measured: Measured, *, during: str, watched: Sequence[str] | None = None, sound: Sequence[bool] = (), **told: Any
) -> Row:
    """A row that states only what its test has measured.

    :param watched: failures of fresh connections that were measured before the test began; None if none were counted.
    :param sound: results of ``nginx -t`` from before the test began.
    :param told: the other fields of the row.
    :raises ValueError: the row claims what was not measured.
    """
    fault = told["fault"]
    if during.startswith(NO_FAILURE):
        if watched is None and measured.requests == 0:
            raise ValueError(f"{fault}: no request was counted")
        if [*(watched or ()), *measured.failures]:
            raise ValueError(f"{fault}: requests failed")
    observed = list(sound) or measured.sound
    if not observed:
        raise ValueError(f"{fault}: nginx -t was not asked")
    return Row(during=during, sound=all(observed), **told)


@dataclass(frozen=True)
class Recorded:
    """Rows of tests that passed, and faults whose test failed."""

    rows: tuple[Row, ...]
    failed: tuple[str, ...]

    @property
    def injected(self) -> int:
        """How many single faults all rows stand for."""
        return sum(row.injected for row in self.rows)


@dataclass(frozen=True)
class Bug:
    """A change to a file of the collection that takes a guard away, and unit tests of which at least one turns red."""

    file: str
    old: str
    new: str
    red: tuple[str, ...]


@dataclass(frozen=True)
class Guard:
    """Something that keeps an edge whole.

    :param hosts: tests on real hosts that show it.
    """

    name: str
    keeps: str
    bugs: tuple[Bug, ...]
    hosts: tuple[str, ...]

    @property
    def tests(self) -> tuple[str, ...]:
        """All tests that show it: of units, and on hosts."""
        return (*dict.fromkeys(test for bug in self.bugs for test in bug.red), *self.hosts)


def read_guards(path: Path = DATA) -> tuple[Guard, ...]:
    """The guards of the data file."""
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(
        Guard(
            one["name"],
            one["keeps"],
            tuple(Bug(bug["file"], bug["old"], bug["new"], tuple(bug["red"])) for bug in one["bugs"]),
            tuple(one.get("hosts", ())),
        )
        for one in data["guards"]
    )


def collect(reports: Iterable[Path]) -> Recorded:
    """What the tests of some reports of pytest recorded. A fault whose test failed or was skipped is told as failed."""
    rows, failed = [], []
    known = {one.name for one in fields(Row)}
    for report in reports:
        for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it just now
            sound = all(case.find(kind) is None for kind in ("failure", "error", "skipped"))
            for one in case.iter("property"):
                if one.get("name") != "fault":
                    continue
                told = json.loads(one.get("value", ""))
                row = Row(**{key: value for key, value in told.items() if key in known})
                if sound:
                    rows.append(row)
                else:
                    failed.append(f"{row.fault} ({row.system})")
    return Recorded(tuple(rows), tuple(failed))


def as_markdown(recorded: Recorded, guards: Sequence[Guard], origin: Sequence[str], in_units: int | None = None) -> str:
    """The page of docs/.

    :param origin: lines that tell when and from what it was made.
    :param in_units: how many faults the unit tests injected; None when that is not known.
    """
    units = f", and {in_units} into the core in unit tests" if in_units is not None else ""
    head = (
        "Fault",
        "Systems",
        "What is reported",
        "Serves meanwhile",
        "Serves afterwards",
        "`nginx -t`",
        "The next run",
    )
    lines = [
        "# Fault matrix",
        "",
        *origin,
        "",
        f"{recorded.injected} faults were injected on test hosts{units}. Each row is one kind of fault; the",
        "systems are Debian's releases. NAME is the name of a generation, SITE a host name.",
        "",
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *_lines(recorded.rows),
        *(f"| {fault} | ✘ its test failed |||||" for fault in recorded.failed),
        "",
        "## Guards, and the tests that notice when one is gone",
        "",
        "Each bug of `tests/reliability.yml` takes a guard away. `tests/unit/whole/test_guards.py` puts one after the",
        "other into a copy of the collection, and sees tests turn red.",
        "",
        "| Guard | What it keeps from happening | Tests |",
        "|---|---|---|",
        *(f"| {one.name} | {one.keeps} | {'<br>'.join(f'`{_short(test)}`' for test in one.tests)} |" for one in guards),
        "",
    ]
    return "\n".join(lines)


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each fault, in the order of the tests; what differs between systems stands side by side."""
    by_fault: dict[str, list[Row]] = {}
    for row in rows:
        by_fault.setdefault(row.fault, []).append(row)
    for fault, same in by_fault.items():
        count = sum(row.injected for row in same)
        systems = ", ".join(dict.fromkeys(row.system for row in same))
        texts = (_joined(row.reports for row in same), _joined(row.during for row in same))
        after, following = _joined(row.after for row in same), _joined(row.next_run for row in same)
        sound = "passes" if all(row.sound for row in same) else "fails until it is fixed"
        many = f" ({count} times)" if count > len(same) else ""
        yield f"| {fault}{many} | {systems} | {' | '.join(texts)} | {after} | {sound} | {following} |"


def _joined(texts: Iterable[str]) -> str:
    escaped = (text.replace("|", "\\|").replace("\n", " ") for text in texts)
    return " — or: ".join(dict.fromkeys(escaped))


def _short(test: str) -> str:
    return test.removeprefix("tests/").removeprefix("molecule/")
