# SPDX-License-Identifier: GPL-3.0-or-later
"""A pair that was damaged on disk is set aside, replaced by a placeholder at once and issued again in the same run."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import Edge, Note, Story, happens, run

pytestmark = pytest.mark.feature("certificates")


@pytest.fixture(scope="module")
def damaged(edges: list[Edge], folder: Path) -> dict[str, Story]:
    for edge in edges:
        edge.shell(f"echo damaged >/etc/letsencrypt/live/{edge.name}/fullchain.pem")
    return happens(lambda: run(folder), edges)


def test_damaged_pair(edge: Edge, damaged: dict[str, Story], note: Note) -> None:
    story = damaged[edge.suite]
    note(story.told())
    assert (story.outcome.code, story.during.failures) == (0, []), story.outcome
    assert story.before is not None
    assert story.after is not None
    assert story.before != story.after == edge.on_disk()
    assert not story.after.is_self_signed
    placeholders = [one for one in story.during.shown if one not in (story.before, story.after)]
    assert all(one.is_self_signed for one in placeholders)
    assert "damaged" in edge.shell(f"cat /etc/letsencrypt/nginx-edge/damaged-{edge.name}/archive-*/*.pem; nginx -t -q")
    assert f"the damaged certificate lies in /etc/letsencrypt/nginx-edge/damaged-{edge.name}" in str(
        story.outcome.advice
    )
