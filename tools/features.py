# SPDX-License-Identifier: GPL-3.0-or-later
"""Which features live traffic has shown, on which system: from the marks of tests to a table.

``tests/features.yml`` names the features. A test of molecule carries ``@pytest.mark.feature("rate limits")``; then
``molecule/conftest.py`` writes that name and the system into pytest's report, and :func:`collect` reads them there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

DATA = Path(__file__).resolve().parents[1] / "tests" / "features.yml"


@dataclass(frozen=True)
class Feature:
    """One thing that an edge can do.

    :param cannot: system -> why its nginx cannot do it.
    :param required: systems that must show it.
    """

    number: int
    name: str
    shows: str
    cannot: Mapping[str, str]
    required: tuple[str, ...]


@dataclass(frozen=True)
class Features:
    """All of them, and the systems they are tested on."""

    systems: tuple[str, ...]
    all: tuple[Feature, ...]

    def __contains__(self, name: object) -> bool:
        return any(feature.name == name for feature in self.all)

    def system_of(self, text: str) -> str:
        """The one system named in the id of a test; ValueError when there is none or more than one."""
        found = set(re.findall(rf"\b({'|'.join(self.systems)})\b", text))
        if len(found) != 1:
            raise ValueError(f"{text} is about one of {', '.join(self.systems)}? It names {sorted(found) or 'none'}")
        return str(found.pop())


@dataclass(frozen=True)
class Shown:
    """How many tests of a feature passed and failed on a system."""

    passed: Counter[tuple[str, str]]
    failed: Counter[tuple[str, str]]

    def is_shown(self, feature: str, system: str) -> bool:
        """Whether a test showed it and none failed."""
        return self.passed[feature, system] > 0 and self.failed[feature, system] == 0


def read_features(path: Path = DATA) -> Features:
    """The features of the data file; ValueError where it names an unknown system or a feature twice."""
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    systems = tuple(data["systems"])
    features = []
    for number, given in enumerate(data["features"], start=1):
        cannot = given.get("cannot", {})
        required = given.get("required", [system for system in data["required"] if system not in cannot])
        if unknown := {*cannot, *required} - {*systems}:
            raise ValueError(f"{given['name']}: unknown system {', '.join(sorted(unknown))}")
        if both := {*cannot} & {*required}:
            raise ValueError(f"{given['name']}: {', '.join(sorted(both))} cannot, and must")
        features.append(Feature(number, given["name"], given["shows"], cannot, tuple(required)))
    names = Counter(feature.name for feature in features)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ValueError(f"named twice: {', '.join(twice)}")
    return Features(systems, tuple(features))


def collect(reports: Iterable[Path]) -> Shown:
    """What the tests of some reports of pytest showed. A skipped test shows nothing and counts as failed."""
    shown = Shown(Counter(), Counter())
    for report in reports:
        for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it just now
            properties = [(one.get("name"), one.get("value", "")) for one in case.iter("property")]
            systems = [value for name, value in properties if name == "system"]
            sound = all(case.find(kind) is None for kind in ("failure", "error", "skipped"))
            for name, feature in properties:
                if name == "feature":
                    (shown.passed if sound else shown.failed)[feature, systems[0]] += 1
    return shown


def missing(features: Features, shown: Shown, system: str) -> list[Feature]:
    """Features that the nginx of a system can do, and that no test showed there."""
    return [
        feature for feature in features.all if system not in feature.cannot and not shown.is_shown(feature.name, system)
    ]


def missing_required(features: Features, shown: Shown) -> dict[str, list[str]]:
    """Feature -> systems that had to show it, and did not."""
    found: dict[str, list[str]] = {}
    for system in features.systems:
        for feature in missing(features, shown, system):
            if system in feature.required:
                found.setdefault(feature.name, []).append(system)
    return found


def not_shown(features: Features, shown: Shown) -> list[str]:
    """Features that no system showed, or that a test failed to show on one."""
    return [
        feature.name
        for feature in features.all
        if feature.required
        and (
            any(shown.failed[feature.name, system] for system in features.systems)
            or not any(shown.is_shown(feature.name, system) for system in features.systems)
        )
    ]


def cell(feature: Feature, system: str, shown: Shown) -> str:
    """``✔ 3``: three tests showed it; ``✘``: one failed; ``—``: the system's nginx cannot; empty: nothing showed it."""
    if shown.failed[feature.name, system]:
        return "✘"
    if system in feature.cannot:
        return "—"
    count = shown.passed[feature.name, system]
    return f"✔ {count}" if count else ""


def as_text(features: Features, shown: Shown, *, everything: bool = True) -> str:
    """The table for the terminal.

    :param everything: every system was to show what it can.
    """
    width = max(len(feature.name) for feature in features.all)
    lines = [f"{'':>2} {'feature':<{width}}  {'  '.join(f'{system:<8}' for system in features.systems)}".rstrip()]
    for feature in features.all:
        cells = "  ".join(f"{cell(feature, system, shown):<8}" for system in features.systems)
        lines.append(f"{feature.number:>2} {feature.name:<{width}}  {cells}".rstrip())
    lines += [f"— {text}" for text in reasons(features)]
    for system in features.systems:
        if numbers := [str(feature.number) for feature in missing(features, shown, system)]:
            lines.append(f"not shown on {system}: {', '.join(numbers)}")
    if everything:
        for name, systems in missing_required(features, shown).items():
            lines.append(f"✘ {name} must be shown on {', '.join(systems)}")
    else:
        lines += [f"✘ {name} must be shown" for name in not_shown(features, shown)]
    return "\n".join(lines)


def reasons(features: Features) -> Iterator[str]:
    """Why systems cannot do what they cannot do."""
    for feature in features.all:
        for system, reason in feature.cannot.items():
            yield f"{feature.name} on {system}: {reason}"


def as_markdown(features: Features, shown: Shown, origin: Sequence[str]) -> str:
    """The page of docs/.

    :param origin: lines that tell when and from what it was made.
    """
    lines = [
        "# What live traffic has shown",
        "",
        *origin,
        "",
        "✔ and the number of tests that showed it through the real nginx of that system; ✘ a test failed;",
        "— its nginx cannot; empty: no test showed it.",
        "",
        f"| # | Feature | What traffic must show | {' | '.join(features.systems)} |",
        f"|---|---|---|{'---|' * len(features.systems)}",
    ]
    for feature in features.all:
        cells = " | ".join(cell(feature, system, shown) for system in features.systems)
        lines.append(f"| {feature.number} | {feature.name} | {feature.shows} | {cells} |")
    lines += ["", *(f"- {text}." for text in reasons(features)), ""]
    return "\n".join(lines)
