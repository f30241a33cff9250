# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden cases: a model, a target, and the exact nginx text that they yield.

``tests/golden/CASE/model.yml`` is what an inventory says, ``CASE/TARGET/`` holds the text.
``tests/golden/accept.py`` writes new text after a change that was meant; ``tests/containers`` lets the real nginx of
each target test all of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.tests.unit.models import GOLDEN, TARGETS, rendered

CASES = sorted(
    (path.parent, target)
    for path in GOLDEN.glob("*/model.yml")
    for target in TARGETS
    if (path.parent / target).is_dir()
)


def render_all(case: Path, target: str) -> dict[str, str]:
    """Relative path -> text for one case and target."""
    return rendered(yaml.safe_load((case / "model.yml").read_text(encoding="utf-8")), TARGETS[target])


def render_case(case: Path, target: str) -> dict[str, str]:
    """The same without the lists of dropped headers, which are the same in each case (test_headers.py)."""
    return {path: text for path, text in render_all(case, target).items() if "_dropped_headers" not in path}


@pytest.mark.parametrize(("case", "target"), CASES, ids=[f"{case.name}-{target}" for case, target in CASES])
def test_model_yields_exactly_this_text(case: Path, target: str) -> None:
    folder = case / target
    expected = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.conf")}
    assert render_case(case, target) == expected


def test_every_case_has_a_target() -> None:
    assert {case for case, _target in CASES} == {path.parent for path in GOLDEN.glob("*/model.yml")}
    assert {target for _case, target in CASES} == set(TARGETS)
