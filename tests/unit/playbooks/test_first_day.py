# SPDX-License-Identifier: GPL-3.0-or-later
"""Typical mistakes of a first day: none ends successfully, and each message is as short as it can be.

``tests/first_day/NAME.txt`` has what a user sees with the ansible-core of the development environment. With others, the
lines that do not come from Ansible are compared. ``python -m tests.first_day`` writes the files again.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.tests.first_day import (
    FOLDER,
    IS_REFERENCE,
    MISTAKES,
    Mistake,
    make,
    own_lines,
)
from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT

LONGEST = 20
"""Lines of the longest message: that of Ansible with the lines of a file around an error."""


@pytest.mark.case("F2")
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_the_message_of_a_mistake(mistake: Mistake, tmp_path: Path) -> None:
    code, shown = make(mistake, tmp_path)
    expected = (FOLDER / f"{mistake.name}.txt").read_text(encoding="utf-8")
    assert code != 0, shown
    assert "hunter2" not in shown
    assert "Traceback" not in shown
    if IS_REFERENCE:
        assert shown == expected
        assert len(shown.splitlines()) <= LONGEST, shown
    else:
        words = " ".join(shown.split())
        assert [line for line in own_lines(expected) if line not in words] == [], shown


@pytest.mark.case("G4")
@pytest.mark.parametrize("name", ["site", "check"])
def test_the_plays_set_their_strategy(name: str) -> None:
    """With free or host_pinned, a host is changed before the models of all hosts are checked."""
    plays = yaml.safe_load((ROOT / "playbooks" / f"{name}.yml").read_text(encoding="utf-8"))
    imported = yaml.safe_load((ROOT / "playbooks" / "verify_inventory.yml").read_text(encoding="utf-8"))
    own = [play for play in plays if "hosts" in play]
    assert {play["strategy"] for play in [*own, *imported]} == {"ansible.builtin.linear"}


def test_each_mistake_has_a_file() -> None:
    assert {f"{one.name}.txt" for one in MISTAKES} == {path.name for path in FOLDER.glob("*.txt")}
    assert len(MISTAKES) >= 30
