# SPDX-License-Identifier: GPL-3.0-or-later
"""Challenges that no host could answer: reported before an order, where this host can know it."""

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
    settle,
    site,
)

pytestmark = pytest.mark.feature("certificates")

CHALLENGES = "/var/lib/nginx-edge/acme/.well-known/acme-challenge"


def watched(edges: list[Edge], folder: Path, *sites: dict[str, Any]) -> dict[str, Story]:
    """A run with further sites, and whether certbot was started."""

    def ask() -> dict[str, tuple[object, bool]]:
        before = {edge.suite: edge.asked() for edge in edges}
        outcome = run(folder, edge_sites=[BASE, *sites])
        return {edge.suite: (outcome, edge.asked() != before[edge.suite]) for edge in edges}

    return happens(ask, edges)


@pytest.fixture(scope="module")
def unreadable(edges: list[Edge], folder: Path) -> dict[str, Story]:
    """nginx cannot read the folder of the challenges."""
    settle(edges, folder)
    for edge in edges:
        edge.shell(f"chmod 0 {CHALLENGES}")
    try:
        return watched(edges, folder, site(f"again.{OWN}"))
    finally:
        for edge in edges:
            edge.shell(f"chmod 0755 {CHALLENGES}")


@pytest.fixture(scope="module")
def unreachable(edges: list[Edge], folder: Path) -> dict[str, Story]:
    """A name that is not in the DNS, and one that leads to a host where nothing listens."""
    settle(edges, folder)
    return watched(edges, folder, site("gone.dns.test"), site(f"elsewhere.{OWN}"))


def unchanged(story: Story) -> None:
    assert story.outcome[0].code != 0
    assert (story.during.failures, story.during.shown) == ([], [story.before])
    assert story.after == story.before


def test_unreadable_challenge(edge: Edge, unreadable: dict[str, Story], note: Note) -> None:
    story = unreadable[edge.suite]
    note(story.told())
    outcome, asked = story.outcome
    told = outcome.failures[f"certificates-{edge.suite}"]
    assert (
        f"edge_sites[1] (again.{edge.name}): this edge does not answer the challenge; no certificate was ordered:"
        in told
    )
    assert f"http://again.{edge.name}/.well-known/acme-challenge/" in told
    assert "on this host: answered with status 403" in told
    assert not asked
    unchanged(story)


def test_unreachable_names(edge: Edge, unreachable: dict[str, Story], note: Note) -> None:
    story = unreachable[edge.suite]
    note(story.told())
    outcome, asked = story.outcome
    told = outcome.failures[f"certificates-{edge.suite}"]
    assert "2 certificates could not be issued; the edge keeps its certificates" in told
    assert (
        "edge_sites[1] (gone.dns.test): the DNS has no address for gone.dns.test, so no certificate was ordered" in told
    )
    assert (
        f"edge_sites[2] (elsewhere.{edge.name}): certbot got no certificate from https://acme.test:14000/dir; it said:"
        in told
    )
    assert "10.213.83.40" in told
    assert asked
    assert edge.host.attempt("grep", "-l", "gone.dns.test", "/var/log/letsencrypt/letsencrypt.log").stdout == ""
    unchanged(story)
