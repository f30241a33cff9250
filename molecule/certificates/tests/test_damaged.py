# SPDX-License-Identifier: GPL-3.0-or-later
"""What was damaged on disk is set aside and issued again in the same run; what was issued before serves meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import Edge, Note, Story, happens, run

pytestmark = pytest.mark.feature("certificates")


LINEAGE, IN_USE = "/etc/letsencrypt/live", "/etc/nginx/tls"


def damage(edges: list[Edge], *folders: str) -> None:
    for edge in edges:
        for folder in folders:
            edge.shell(f"echo damaged >{folder}/{edge.name}/fullchain.pem")


@pytest.fixture(scope="module")
def damaged(edges: list[Edge], folder: Path) -> dict[str, Story]:
    damage(edges, LINEAGE)
    return happens(lambda: run(folder), edges)


@pytest.fixture(scope="module")
def both_damaged(damaged: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Story]:
    assert damaged
    damage(edges, LINEAGE, IN_USE)
    return happens(lambda: run(folder), edges)


def test_damaged_pair(edge: Edge, damaged: dict[str, Story], note: Note) -> None:
    story = damaged[edge.suite]
    note(story.told())
    assert (story.outcome.code, story.during.failures) == (0, []), story.outcome
    assert story.went_over
    assert story.after == edge.on_disk()
    assert "damaged" in edge.shell(f"cat /etc/letsencrypt/nginx-edge/damaged-{edge.name}/archive-*/*.pem; nginx -t -q")
    assert f"the damaged certificate is kept in /etc/letsencrypt/nginx-edge/damaged-{edge.name}" in str(
        story.outcome.warnings
    )


def test_damaged_lineage_and_pair_in_use(
    edge: Edge, damaged: dict[str, Story], both_damaged: dict[str, Story], note: Note
) -> None:
    older, story = damaged[edge.suite].before, both_damaged[edge.suite]
    note(story.told())
    assert (story.outcome.code, story.during.failures) == (0, []), story.outcome
    assert "an earlier one replaces it" in str(story.outcome.warnings)
    assert story.before not in (older, story.after)
    assert all(one in (story.before, older, story.after) for one in story.during.shown)
    assert older in story.during.shown
    assert story.after == edge.on_disk()
