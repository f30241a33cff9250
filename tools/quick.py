# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios with fewer hosts, for a run of tests that is to end within 50 minutes.

``tests/quick.yml`` names the platforms that are left out, by scenario. A reduced scenario is a folder of links to the
real one, with its own molecule.yml; Molecule finds it by ``MOLECULE_GLOB``.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
LEFT_OUT = REPOSITORY / "tests" / "quick.yml"
SCENARIOS = REPOSITORY / "molecule"
REDUCED = REPOSITORY / ".cache" / "quick" / "molecule"
MOLECULE_FILE = "molecule.yml"


def left_out(path: Path = LEFT_OUT) -> dict[str, list[str]]:
    """Scenario -> names of platforms that a quick run does without."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def reduced(scenario: Mapping[str, Any], without: Sequence[str]) -> dict[str, Any]:
    """A molecule.yml without some of its platforms.

    :raises ValueError: there is no such platform, or no edge is left.
    """
    platforms = scenario["platforms"]
    if unknown := {*without} - {one["name"] for one in platforms}:
        raise ValueError(f"tests/quick.yml: no platform {', '.join(sorted(unknown))}")
    kept = [one for one in platforms if one["name"] not in without]
    if not any("edge" in one["groups"] for one in kept):
        raise ValueError("tests/quick.yml: no edge is left")
    return {**scenario, "platforms": kept}


def make(target: Path = REDUCED) -> str:
    """Lay the reduced scenarios out anew, and return the pattern by which Molecule finds them."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    without = left_out()
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
        text = yaml.safe_dump(reduced(scenario, without.get(source.name, [])), sort_keys=False)
        (place / MOLECULE_FILE).write_text(text, encoding="utf-8")
    return str(target / "*" / MOLECULE_FILE)
