# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate comes, gets a name more, loses it, and gets another key: no client waits, and a good one stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import (
    BASE,
    OWN,
    Edge,
    Note,
    Story,
    happens,
    run,
    site,
)

pytestmark = pytest.mark.feature("certificates")


@pytest.fixture(scope="module")
def first(edges: list[Edge], folder: Path) -> dict[str, Story]:
    """A new site."""
    sites = [BASE, site(f"first.{OWN}")]
    return happens(lambda: run(folder, edge_sites=sites), edges, lambda edge: f"first.{edge.name}")


@pytest.fixture(scope="module")
def checked(edges: list[Edge], folder: Path) -> dict[str, Story]:
    """What check mode says of a change, and that it changes nothing."""
    sites = [site(OWN, f"www.{OWN}", f"added.{OWN}")]
    return happens(lambda: run(folder, "--check", "--diff", edge_sites=sites), edges)


@pytest.fixture(scope="module")
def added(edges: list[Edge], folder: Path) -> dict[str, Story]:
    sites = [site(OWN, f"www.{OWN}", f"added.{OWN}")]
    return happens(lambda: run(folder, edge_sites=sites), edges)


@pytest.fixture(scope="module")
def removed(added: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Story]:
    assert added
    return happens(lambda: run(folder), edges)


@pytest.fixture(scope="module")
def other_key(removed: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Story]:
    assert removed
    certificates = [{"name": OWN, "key_type": "rsa", "key_size": 3072}]
    return happens(lambda: run(folder, edge_certificates=certificates), edges)


@pytest.fixture(scope="module")
def again(other_key: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Any]:
    """The same run once more, and when certbot was started before and after."""
    assert other_key
    certificates = [{"name": OWN, "key_type": "rsa", "key_size": 3072}]
    before = {edge.suite: edge.asked() for edge in edges}
    outcome = run(folder, edge_certificates=certificates)
    return {edge.suite: (outcome, before[edge.suite], edge.asked()) for edge in edges}


def test_first_issue_from_nothing(edge: Edge, first: dict[str, Story], note: Note) -> None:
    story = first[edge.suite]
    note(story.told())
    assert story.outcome.code == 0, story.outcome
    assert story.before is None or story.before.names == ("invalid",)
    assert story.after is not None
    assert (story.after.names, story.after.is_self_signed) == ((f"first.{edge.name}",), False)
    assert story.after == edge.on_disk(f"first.{edge.name}")
    assert "Pebble" in story.after.issuer


def test_check_mode_says_what_would_be_ordered(edge: Edge, checked: dict[str, Story], note: Note) -> None:
    story = checked[edge.suite]
    note(story.told())
    assert story.outcome.code == 0, story.outcome
    wanted = (
        f"+ {edge.name}: would be ordered from https://acme.test:14000/dir: {edge.name}, www.{edge.name},"
        f" added.{edge.name} (new: added.{edge.name})"
    )
    assert wanted in story.outcome.diffs[f"certificates-{edge.suite}"]
    assert (story.during.failures, story.before) == ([], story.after)


def test_added_name(edge: Edge, added: dict[str, Story], note: Note) -> None:
    story = added[edge.suite]
    note(story.told())
    assert (story.outcome.code, story.during.failures) == (0, []), story.outcome
    assert story.after is not None
    assert story.after.uncovered([f"added.{edge.name}"]) == []
    assert story.went_over, story.told()
    assert edge.served(f"added.{edge.name}") == story.after


def test_removed_name(edge: Edge, removed: dict[str, Story], note: Note) -> None:
    story = removed[edge.suite]
    note(story.told())
    assert (story.outcome.code, story.during.failures) == (0, []), story.outcome
    assert story.after is not None
    assert set(story.after.names) == {edge.name, f"www.{edge.name}"}
    assert story.went_over, story.told()


def test_changed_key_type(edge: Edge, other_key: dict[str, Story], note: Note) -> None:
    story = other_key[edge.suite]
    note(story.told())
    assert (story.outcome.code, story.during.failures) == (0, []), story.outcome
    assert story.before is not None
    assert story.after is not None
    assert (story.before.key_type, story.after.key_type, story.after.key_size) == ("ecdsa", "rsa", 3072)
    assert story.went_over, story.told()


def test_nothing_is_asked_for_what_is_as_wanted(edge: Edge, again: dict[str, Any]) -> None:
    outcome, before, after = again[edge.suite]
    assert (outcome.code, outcome.changed[f"certificates-{edge.suite}"]) == (0, 0), outcome
    assert before == after
