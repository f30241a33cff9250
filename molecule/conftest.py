# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests say which feature they show: ``@pytest.mark.feature("rate limits")``, a name of tests/features.yml.

The names, and the system that the test ran on, go into the report; ``tools/features.py`` makes the table of it.
"""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.tools.features import read_features


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "feature(*names): what live traffic shows here, by tests/features.yml")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    features = read_features()
    for item in items:
        marks = [*item.iter_markers("feature")]
        if not marks:
            continue
        names = {name for mark in marks for name in mark.args}
        if not names:
            raise pytest.UsageError(f"{item.nodeid}: its mark names no feature")
        if unknown := sorted(name for name in names if name not in features):
            raise pytest.UsageError(f"{item.nodeid}: not in tests/features.yml: {', '.join(unknown)}")
        try:
            system = features.system_of(item.name)
        except ValueError as error:
            raise pytest.UsageError(f"{item.nodeid}: {error}") from error
        item.user_properties += [("system", system), *(("feature", name) for name in sorted(names))]
