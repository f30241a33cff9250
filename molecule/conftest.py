# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests say what they show: ``@pytest.mark.feature("rate limits")``, a name of tests/features.yml, or
``@pytest.mark.case("A7")``, an id of tests/cases.yml.

Both, and the system that the test ran on, go into the report; ``tools/shown.py`` makes the tables of it.
"""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.tools.shown import KINDS, Catalogue, named_by, read_catalogue


def pytest_configure(config: pytest.Config) -> None:
    for kind in KINDS:
        config.addinivalue_line("markers", f"{kind}(*names): what live traffic shows here, by tests/{kind}s.yml")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    catalogues = [read_catalogue(kind) for kind in KINDS]
    for item in items:
        named = [(one.kind, name) for one in catalogues for name in _named(item, one)]
        if not named:
            continue
        try:
            system = catalogues[0].system_of(item.name)
        except ValueError as error:
            raise pytest.UsageError(f"{item.nodeid}: {error}") from error
        item.user_properties += [("system", system), *named]


def _named(item: pytest.Item, catalogue: Catalogue) -> list[str]:
    """What the marks of a test say, each once."""
    try:
        return named_by(catalogue, [mark.args for mark in item.iter_markers(catalogue.kind)])
    except ValueError as error:
        raise pytest.UsageError(f"{item.nodeid}: {error}") from error
