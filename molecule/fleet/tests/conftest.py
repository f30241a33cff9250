# SPDX-License-Identifier: GPL-3.0-or-later
"""Where files of the tests' runs go, and that the client trusts the authority."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.fleet.tests.edges import trust


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session", autouse=True)
def trusted() -> None:
    trust()
