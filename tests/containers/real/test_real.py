# SPDX-License-Identifier: GPL-3.0-or-later
"""Real applications behind the edge of their recipe, as Debian, PyPI and npm package them: sessions of users.

They take too long for ``make test``, which leaves this file out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tests.containers.edges import EdgeContainer, edge_container
from ansible_collections.hardened.nginx_edge.tests.containers.recipes.runs import Run
from ansible_collections.hardened.nginx_edge.tools.applications import Application, applications

SESSIONS = Path(__file__).with_name("sessions")
FOLDER = "session"
SUITE = "trixie"
RECIPES = [one for one in applications() if one.requests.session]


@pytest.fixture
def edge() -> Iterator[EdgeContainer]:
    """A container with real applications, for one of them."""
    with edge_container(SUITE, "applications") as container:
        yield container


@pytest.mark.parametrize("application", RECIPES, ids=lambda one: one.path.stem)
def test_a_session_with_a_real_application(application: Application, edge: EdgeContainer) -> None:
    own = SESSIONS / f"{application.path.stem.replace('-', '_')}_session.py"
    session = {f"{FOLDER}/{path.name}": path.read_text(encoding="utf-8") for path in (SESSIONS / "browser.py", own)}
    run = Run(application, SUITE)
    files = {**run.generation(), **session, f"{FOLDER}/users.json": json.dumps(run.users())}
    verdict = edge.verdict(files, ["python3", f"/etc/nginx/generations/golden/{FOLDER}/{own.name}"])
    assert verdict.code == 0, verdict.printed
