# SPDX-License-Identifier: GPL-3.0-or-later
"""Create reduced scenarios: with fewer hosts and tests for ``make test``, or with one edge on one system.

``tests/quick.yml`` names the platforms and the files of tests that are left out, by scenario. A reduced scenario is a
folder of links to the real one, with its own molecule.yml; Molecule finds it by ``MOLECULE_GLOB``.

``python3 -m tools.quick SCENARIO SUITE`` makes a scenario whose only edge runs on a suite, such as noble, and prints
that pattern and the images.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
LEFT_OUT = REPOSITORY / "tests" / "quick.yml"
SCENARIOS = REPOSITORY / "molecule"
REDUCED = REPOSITORY / ".cache" / "quick" / "molecule"
MOLECULE_FILE = "molecule.yml"
SHARED = REPOSITORY / ".config" / "molecule" / "config.yml"
IDEMPOTENCE = "idempotence"
"""Molecule's second converge, which a scenario can do without if its tests repeat a run themselves."""
TESTS = "tests"


def left_out(path: Path = LEFT_OUT) -> dict[str, list[str]]:
    """Scenario -> names of platforms, and of files in its directory ``tests``, that a quick run does without; and
    :data:`IDEMPOTENCE` for that step."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def reduced(scenario: Mapping[str, Any], without: Sequence[str]) -> dict[str, Any]:
    """A molecule.yml without some of its platforms and, where it is listed, without the step idempotence.

    :raises ValueError: there is no such platform, or no edge is left.
    """
    platforms = scenario["platforms"]
    named = {name for name in without if not _is_test(name) and name != IDEMPOTENCE}
    if unknown := named - {one["name"] for one in platforms}:
        raise ValueError(f"tests/quick.yml: no platform {', '.join(sorted(unknown))}")
    kept = [one for one in platforms if one["name"] not in without]
    if not any("edge" in one["groups"] for one in kept):
        raise ValueError("tests/quick.yml: no edge is left")
    if IDEMPOTENCE not in without:
        return {**scenario, "platforms": kept}
    steps = [step for step in _sequence(scenario) if step != IDEMPOTENCE]
    return {**scenario, "platforms": kept, "scenario": {**scenario.get("scenario", {}), "test_sequence": steps}}


def _sequence(scenario: Mapping[str, Any]) -> list[str]:
    """The steps of a scenario: its own, or those that all scenarios share."""
    shared = yaml.safe_load(SHARED.read_text(encoding="utf-8"))["scenario"]
    return list({**shared, **scenario.get("scenario", {})}["test_sequence"])


def on_suite(scenario: Mapping[str, Any], suite: str) -> dict[str, Any]:
    """A molecule.yml with one edge on that suite: the edge that has it already, or else the first one."""
    platforms = scenario["platforms"]
    edges = [one for one in platforms if "edge" in one["groups"]]
    chosen = next((one for one in edges if one["image"].endswith(f":{suite}")), edges[0])
    edge = {**chosen, "image": f"{chosen['image'].rpartition(':')[0]}:{suite}"}
    return {**scenario, "platforms": [edge, *(one for one in platforms if one not in edges)]}


def make(target: Path = REDUCED) -> str:
    """Lay the reduced scenarios out anew, and return the pattern by which Molecule finds them."""
    without = left_out()
    pattern = _lay_out(target, lambda name, scenario: reduced(scenario, without.get(name, [])))
    for name, names in without.items():
        if any(map(_is_test, names)):
            _without_tests(target / name / TESTS, SCENARIOS / name / TESTS, {*filter(_is_test, names)})
    return pattern


def _is_test(name: str) -> bool:
    return name.endswith(".py")


def _without_tests(place: Path, source: Path, names: set[str]) -> None:
    """Replace the link to a directory of tests with a directory of links to the other files in it.

    :raises ValueError: there is no such file.
    """
    if unknown := names - {path.name for path in source.iterdir()}:
        raise ValueError(f"tests/quick.yml: no file {', '.join(sorted(unknown))} in {source.parent.name}/{TESTS}")
    place.unlink()
    place.mkdir()
    for path in source.iterdir():
        if path.name not in names and path.is_file():
            (place / path.name).symlink_to(path)


def make_on_suite(name: str, suite: str, target: Path | None = None) -> tuple[str, list[str]]:
    """Lay one scenario out with one edge on that suite.

    :returns: the pattern by which Molecule finds it, and the images in the form that ``tests/hosts/build.sh`` takes.
    """
    target = target or REDUCED.parent / suite / "molecule"
    pattern = _lay_out(target, lambda each, scenario: on_suite(scenario, suite) if each == name else dict(scenario))
    platforms = yaml.safe_load((target / name / MOLECULE_FILE).read_text(encoding="utf-8"))["platforms"]
    return pattern, sorted({one["image"].removeprefix("nginx-edge/") for one in platforms})


def _lay_out(target: Path, change: Callable[[str, Mapping[str, Any]], dict[str, Any]]) -> str:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for source in sorted(SCENARIOS.iterdir()):
        place = target / source.name
        if not (source / MOLECULE_FILE).is_file():
            place.symlink_to(source)
            continue
        place.mkdir()
        for entry in source.iterdir():
            if entry.name != MOLECULE_FILE:
                (place / entry.name).symlink_to(entry)
        scenario = yaml.safe_load((source / MOLECULE_FILE).read_text(encoding="utf-8"))
        text = yaml.safe_dump(change(source.name, scenario), sort_keys=False)
        (place / MOLECULE_FILE).write_text(text, encoding="utf-8")
    return str(target / "*" / MOLECULE_FILE)


if __name__ == "__main__":
    made = make_on_suite(sys.argv[1], sys.argv[2])
    print(made[0], *made[1])
