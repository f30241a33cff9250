# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that would remove most sites needs permission."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.check.removals import check_removals
from ansible_collections.hardened.nginx_edge.tests.unit.models import planned


def sites(*numbers: int) -> list[dict[str, Any]]:
    locations = [{"path": "/", "return": {"status": 204}}]
    return [{"name": f"s{number}.test", "https": False, "locations": locations} for number in numbers]


def reported(live: int, *kept: int, **variables: Any) -> list[str]:
    edge = planned({"edge_sites": sites(*kept), **variables}).edge
    return [str(one) for one in check_removals(edge, [f"s{number}.test" for number in range(live)])]


@pytest.mark.parametrize(
    ("live", "kept"),
    [(0, ()), (0, (1,)), (1, (0, 1)), (2, (0,)), (3, (0,)), (9, (0,)), (10, tuple(range(8))), (1, (7,))],
)
def test_ordinary_removals_need_no_permission(live: int, kept: tuple[int, ...]) -> None:
    assert reported(live, *kept) == []


@pytest.mark.case("G2")
def test_all_sites() -> None:
    assert reported(1) == [
        "edge_sites: this run would remove the only site of the edge (s0.test); "
        "check the inventory, or allow it with -e edge_remove_sites=true"
    ]
    assert len(reported(3, 7, 8, 9)) == 1  # the model of another environment
    assert reported(3, 7, 8, 9, edge_remove_sites=True) == []


@pytest.mark.case("G2")
def test_a_fifth_of_many() -> None:
    (error,) = reported(10, *range(7))
    assert "would remove 3 of 10 sites of the edge (s7.test, s8.test, s9.test);" in error
    (error,) = reported(1000, *range(100))
    assert "s102.test, s103.test and 895 more" in error or "and 895 more" in error
