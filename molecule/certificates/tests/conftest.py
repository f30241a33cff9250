# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test is about the edge of one suite; what happens, happens to all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import Edge, Note, suites


@pytest.fixture(scope="session")
def edges() -> list[Edge]:
    return [Edge(suite) for suite in suites()]


@pytest.fixture(params=suites())
def edge(request: pytest.FixtureRequest) -> Edge:
    return Edge(request.param)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the variables of runs are written."""
    return tmp_path_factory.mktemp("variables")


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Writes what the test saw into its report."""

    def write(text: str) -> None:
        request.node.user_properties.append(("note", text))

    return write
