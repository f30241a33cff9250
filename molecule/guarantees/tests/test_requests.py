# SPDX-License-Identifier: GPL-3.0-or-later
"""Each request of the corpus is a test: what came back, and what reached the backend."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.hardened.nginx_edge.molecule.guarantees.tests.edges import SUITES, complaints, rows_of
from ansible_collections.hardened.nginx_edge.tools.corpus.deviations import differences, documented, read_deviations
from ansible_collections.hardened.nginx_edge.tools.corpus.rows import Row
from ansible_collections.hardened.nginx_edge.tools.shown import read_features

DEVIATIONS = read_deviations(read_features().systems)


def of_each_suite() -> list[object]:
    """A row on a suite for each test, marked with the row's case."""
    return [
        pytest.param(suite, row, id=f"{suite}-{row.id}", marks=[pytest.mark.case(row.case)] if row.case else [])
        for suite in SUITES
        for row in rows_of(suite)
    ]


@pytest.mark.parametrize(("suite", "row"), of_each_suite())
def test_request(suite: str, row: Row) -> None:
    assert differences(complaints(suite)[row.id], documented(DEVIATIONS, row.id, suite)) == []


@pytest.mark.parametrize("suite", SUITES)
def test_number_of_requests(suite: str, record_property: Callable[[str, object], None]) -> None:
    rows = rows_of(suite)
    requests = sum(len(row.steps) for row in rows)
    accepted = [row for row in rows if documented(DEVIATIONS, row.id, suite)]
    topics = {row.topic for row in rows}
    record_property(
        "note", f"{len(rows)} rows of {len(topics)} topics, {requests} requests; {len(accepted)} documented deviations"
    )
    assert rows
