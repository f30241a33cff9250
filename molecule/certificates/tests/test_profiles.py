# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles: those that the host's certbot or the authority does not know are errors of the model; others can be had."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import (
    BUNDLE,
    OWN,
    SERVICE,
    Edge,
    Note,
    Story,
    happens,
    run,
)

pytestmark = pytest.mark.feature("certificates")

DIRECTORY = "https://acme.test:14003/dir"
WITH_PROFILES = ("trixie",)
"""Systems whose certbot is 4.0 or newer."""


def acme(profile: str, directory: str = DIRECTORY) -> dict[str, Any]:
    """The account, and a profile for all certificates."""
    return {"email": "ops@example.test", "directory_url": directory, "ca_bundle": BUNDLE, "profile": profile}


@pytest.fixture(scope="module")
def unknown(edges: list[Edge], folder: Path) -> dict[str, Story]:
    """No system can have it: the first have an old certbot, the last an authority without that profile."""
    certificates = [{"name": OWN, "profile": "shortlifed"}]
    return happens(lambda: run(folder, edge_acme=acme("classic"), edge_certificates=certificates), edges)


@pytest.fixture(scope="module")
def none_at_all(edges: list[Edge], folder: Path) -> dict[str, Story]:
    """An authority that lists none."""
    return happens(lambda: run(folder, edge_acme=acme("classic", "https://acme.test:14000/dir")), edges)


@pytest.fixture(scope="module")
def shortlived(unknown: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Story]:
    """Only those that can have it are asked to."""
    assert unknown
    able = [f"certificates-{edge.suite}" for edge in edges if edge.suite in WITH_PROFILES]
    return happens(
        lambda: run(folder, "--limit", ",".join(able), edge_acme=acme("shortlived")) if able else None, edges
    )


@pytest.fixture(scope="module")
def renewed(shortlived: dict[str, Story], edges: list[Edge]) -> dict[str, Story]:
    """The timer's unit right after it: a certificate of six days is not due yet."""
    assert shortlived

    def renew() -> None:
        for edge in edges:
            edge.host.run("systemctl", "start", SERVICE)

    return happens(renew, edges)


def unchanged(story: Story) -> None:
    assert story.outcome.code != 0
    assert set(story.outcome.changed.values()) == {0}
    assert (story.during.failures, story.during.shown) == ([], [story.before])
    assert story.after == story.before


def test_unknown_profile(edge: Edge, unknown: dict[str, Story], note: Note) -> None:
    story = unknown[edge.suite]
    note(story.told())
    told = story.outcome.failures[f"certificates-{edge.suite}"]
    if edge.suite in WITH_PROFILES:
        assert (
            f").profile: {DIRECTORY} has no profile 'shortlifed' (classic, shortlived); did you mean 'shortlived'?"
        ) in told
    else:
        assert ").profile: profiles need certbot 4.0 or newer; this host has certbot " in told
        assert "edge_acme.profile: profiles need certbot 4.0 or newer" in told
    unchanged(story)


def test_authority_without_profiles(edge: Edge, none_at_all: dict[str, Story], note: Note) -> None:
    story = none_at_all[edge.suite]
    note(story.told())
    told = story.outcome.failures[f"certificates-{edge.suite}"]
    if edge.suite in WITH_PROFILES:
        assert "edge_acme.profile: https://acme.test:14000/dir lists no profiles; remove it" in told
    unchanged(story)


def test_short_lived(edge: Edge, shortlived: dict[str, Story], renewed: dict[str, Story], note: Note) -> None:
    story, behind = shortlived[edge.suite], renewed[edge.suite]
    note(f"{story.told()}; renewal right after it: {behind.told()}")
    assert story.during.failures == behind.during.failures == []
    assert story.after is not None
    lifetime = story.after.not_after - story.after.not_before
    if edge.suite in WITH_PROFILES:
        assert story.outcome.code == 0, story.outcome
        assert lifetime <= timedelta(days=6)
    else:
        assert lifetime > timedelta(days=6)
    assert behind.during.shown == [story.after]
