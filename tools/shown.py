# SPDX-License-Identifier: GPL-3.0-or-later
"""What live traffic has shown, on which system: from the marks of tests to a table.

Two catalogues name what there is to show: ``tests/features.yml`` what an edge can do, ``tests/cases.yml`` what must
never go wrong. A test carries ``@pytest.mark.feature("rate limits")`` or ``@pytest.mark.case("A7")``; then
``molecule/conftest.py`` writes that and the system into pytest's report, and :func:`collect` reads them there. For
unit tests, ``tests/unit/conftest.py`` does so, and the system is :data:`CONTROLLER`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

TESTS = Path(__file__).resolve().parents[1] / "tests"
KINDS = ("feature", "case")
CONTROLLER = "controller"
"""The system of cases that concern no host, such as messages; unit tests show them."""


@dataclass(frozen=True)
class Entry:
    """One thing to show.

    :param label: number or id, the first column of a table.
    :param key: what marks say.
    :param cannot: system -> why its nginx cannot do it.
    :param required: systems that must show it.
    """

    label: str
    key: str
    title: str
    shows: str
    cannot: Mapping[str, str]
    required: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """All entries of one kind, and the systems they are tested on."""

    kind: str
    systems: tuple[str, ...]
    all: tuple[Entry, ...]

    def __contains__(self, key: object) -> bool:
        return any(entry.key == key for entry in self.all)

    def system_of(self, text: str) -> str:
        """The one system named in the id of a test; ValueError when there is none or more than one."""
        hosts = [system for system in self.systems if system != CONTROLLER]
        found = set(re.findall(rf"\b({'|'.join(hosts)})\b", text))
        if len(found) != 1:
            raise ValueError(f"{text} is about one of {', '.join(hosts)}? It names {sorted(found) or 'none'}")
        return str(found.pop())


@dataclass(frozen=True)
class Shown:
    """How many tests of an entry passed and failed on a system, and which test functions they were."""

    passed: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    tests: dict[str, set[str]] = field(default_factory=dict)

    def is_shown(self, key: str, system: str) -> bool:
        """Whether a test showed it and none failed."""
        return self.passed[key, system] > 0 and self.failed[key, system] == 0


def data_file(kind: str) -> Path:
    """The file that names all entries of a kind."""
    return TESTS / f"{kind}s.yml"


def read_catalogue(kind: str, path: Path | None = None) -> Catalogue:
    """The entries of a data file; ValueError where it names an unknown system or an entry twice."""
    data: dict[str, Any] = yaml.safe_load((path or data_file(kind)).read_text(encoding="utf-8"))
    systems = tuple(data["systems"])
    entries = []
    for number, given in enumerate(data[f"{kind}s"], start=1):
        key = given.get("id", given["name"])
        cannot = given.get("cannot", {})
        required = given.get("required", [system for system in data["required"] if system not in cannot])
        if unknown := {*cannot, *required} - {*systems}:
            raise ValueError(f"{key}: unknown system {', '.join(sorted(unknown))}")
        if both := {*cannot} & {*required}:
            raise ValueError(f"{key}: {', '.join(sorted(both))} cannot, and must")
        label = given.get("id", str(number))
        entries.append(Entry(label, key, given["name"], given.get("shows", ""), cannot, tuple(required)))
    keys = Counter(entry.key for entry in entries)
    if twice := [key for key, count in keys.items() if count > 1]:
        raise ValueError(f"named twice: {', '.join(twice)}")
    return Catalogue(kind, systems, tuple(entries))


def named_by(catalogue: Catalogue, marks: Iterable[Sequence[str]]) -> list[str]:
    """The keys that the marks of a test name, each once; ValueError where one names none, or an unknown one."""
    marks = list(marks)
    names = {name for arguments in marks for name in arguments}
    if marks and not names:
        raise ValueError(f"its mark names no {catalogue.kind}")
    if unknown := sorted(name for name in names if name not in catalogue):
        raise ValueError(f"not in tests/{data_file(catalogue.kind).name}: {', '.join(unknown)}")
    return sorted(names)


def read_features() -> Catalogue:
    """What an edge can do."""
    return read_catalogue("feature")


def collect(reports: Iterable[Path], kind: str) -> Shown:
    """What the tests of some reports of pytest showed. A skipped test shows nothing and counts as failed."""
    shown = Shown()
    for report in reports:
        for test in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it just now
            properties = [(one.get("name"), one.get("value", "")) for one in test.iter("property")]
            systems = [value for name, value in properties if name == "system"]
            sound = all(test.find(result) is None for result in ("failure", "error", "skipped"))
            for name, key in properties:
                if name == kind:
                    (shown.passed if sound else shown.failed)[key, systems[0]] += 1
                    shown.tests.setdefault(key, set()).add(test.get("name", "").partition("[")[0])
    return shown


def missing(catalogue: Catalogue, shown: Shown, system: str) -> list[Entry]:
    """Entries that the nginx of a system can do, and that no test showed there."""
    return [entry for entry in catalogue.all if system not in entry.cannot and not shown.is_shown(entry.key, system)]


def missing_required(catalogue: Catalogue, shown: Shown) -> dict[str, list[str]]:
    """Key of an entry -> systems that had to show it, and did not."""
    found: dict[str, list[str]] = {}
    for system in catalogue.systems:
        for entry in missing(catalogue, shown, system):
            if system in entry.required:
                found.setdefault(entry.key, []).append(system)
    return found


def not_shown(catalogue: Catalogue, shown: Shown) -> list[str]:
    """Entries that no system showed, or that a test failed to show on one."""
    return [
        entry.key
        for entry in catalogue.all
        if entry.required
        and (
            any(shown.failed[entry.key, system] for system in catalogue.systems)
            or not any(shown.is_shown(entry.key, system) for system in catalogue.systems)
        )
    ]


def reasons(catalogue: Catalogue) -> Iterator[str]:
    """Why systems cannot do what they cannot do."""
    for entry in catalogue.all:
        for system, reason in entry.cannot.items():
            yield f"{entry.key} on {system}: {reason}"
