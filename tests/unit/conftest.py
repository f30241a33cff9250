# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit tests say which case of tests/cases.yml they show: ``@pytest.mark.case("F2")``. It goes into the report."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.tools.shown import CONTROLLER, named_by, read_catalogue


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "case(*ids): what the test shows, by tests/cases.yml")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    catalogue = read_catalogue("case")
    for item in items:
        try:
            names = named_by(catalogue, [mark.args for mark in item.iter_markers("case")])
        except ValueError as error:
            raise pytest.UsageError(f"{item.nodeid}: {error}") from error
        if names:
            item.user_properties += [("system", CONTROLLER), *(("case", name) for name in names)]
