# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of docs/ that a run of all tests writes of itself: its results, what traffic showed, the faults."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import reliability
from .shown import Catalogue, Shown
from .shown_tables import cases_page, features_page

REPOSITORY = Path(__file__).resolve().parents[1]
BIN = REPOSITORY / ".venv" / "bin"
REFERENCE = REPOSITORY / "docs" / "reference"
SYSTEMS = ("bullseye", "bookworm", "trixie", "forky")


@dataclass(frozen=True)
class Part:
    """What came of one part of a run.

    :param notes: what its tests saw, in their own words.
    :param failures: a line for each failed test.
    """

    name: str
    passed: int
    failed: int
    seconds: float
    notes: Sequence[str] = ()
    failures: Sequence[str] = ()


def write_shown(catalogue: Catalogue, shown: Shown) -> None:
    """docs/reference/features.md or docs/reference/cases.md: what traffic showed on which system."""
    page = {"feature": features_page, "case": cases_page}[catalogue.kind]
    text = page(catalogue, shown, [_origin(), "", *_systems()])
    (REFERENCE / f"{catalogue.kind}s.md").write_text(text, encoding="utf-8")


def write_faults(reports: Sequence[Path], in_units: int) -> None:
    """docs/reference/reliability.md: the fault matrix.

    :param in_units: how many faults the unit tests injected into the core.
    """
    recorded = reliability.collect(reports)
    page = reliability.as_markdown(recorded, reliability.read_guards(), [_origin()], in_units)
    (REFERENCE / "reliability.md").write_text(page, encoding="utf-8")


def write_results(parts: Sequence[Part]) -> None:
    """docs/reference/test-results.md: the last result of all tests on all systems."""
    (REFERENCE / "test-results.md").write_text("\n".join(_results(parts)), encoding="utf-8")


def _results(parts: Sequence[Part]) -> Iterator[str]:
    yield from ("# The last run of `make test-all`", "", _origin())
    yield "[Features](features.md) and [Cases](cases.md) have the results of live traffic, and the"
    yield from (
        "[fault matrix](reliability.md) those of injected faults.",
        "",
        "| part | passed | failed | seconds |",
        "|---|---|---|---|",
    )
    for part in parts:
        yield f"| {part.name} | {part.passed} | {part.failed} | {part.seconds:.0f} |"
    yield from ("", *_systems(), "", f"Controller: {_controller()}.", "")
    for part in parts:
        if part.notes:
            yield from (f"## Seen by {part.name}", "", *(f"- {note}" for note in part.notes), "")


def _controller() -> str:
    ansible = _output(str(BIN / "ansible"), "--version").splitlines()[0]
    return f"{ansible}, {_output(str(BIN / 'python'), '--version')}"


def _origin() -> str:
    today = datetime.datetime.now(tz=datetime.timezone.utc).date()
    return f"Written by the run itself on {today}, at commit {_output('git', 'rev-parse', '--short', 'HEAD')}."


def _systems() -> list[str]:
    head = ["| system | nginx | OpenSSL | certbot | Python |", "|---|---|---|---|---|"]
    return [*head, *(_versions(suite) for suite in SYSTEMS)]


def _versions(suite: str) -> str:
    script = (
        "nginx -v 2>&1 | sed 's,.*/,,'; openssl version | cut -d' ' -f2;"
        " certbot --version 2>&1 | grep -oE '[0-9.]+$'; python3 -c 'import platform; print(platform.python_version())'"
    )
    printed = _output("docker", "run", "--rm", f"nginx-edge/edge:{suite}", "sh", "-c", script)
    return f"| Debian {suite} | {' | '.join(printed.split())} |"


def _output(*argv: str) -> str:
    return subprocess.run(argv, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.strip()
