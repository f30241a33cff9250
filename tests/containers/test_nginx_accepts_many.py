# SPDX-License-Identifier: GPL-3.0-or-later
"""The real nginx of each target tests thousands of sites and redirects: its hash tables must be large enough."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, rendered

from .edges import EdgeContainer

SITES, REDIRECTS = 8_000, 8_000


def model() -> dict[str, Any]:
    """Names and paths of many lengths, the same in each run."""
    drawn = random.Random(1)  # noqa: S311 - no secret

    def word(longest: int) -> str:
        return "".join(drawn.choices(string.ascii_lowercase, k=drawn.randint(5, longest)))

    answer = [{"path": "/", "return": {"status": 204}}]
    sites = [
        {
            "name": f"{word(40)}{index}.example.com",
            "https": False,
            "locations": answer,
            "redirects": [{"from": "/old", "to": "/new"}],
        }
        for index in range(SITES)
    ]
    redirects = [{"from": f"/{word(120)}/{index}", "to": f"/new/{index}"} for index in range(REDIRECTS)]
    return {
        "edge_certificate_source": "self_signed",
        "edge_sites": [{"name": "first.example.com", "redirects": redirects}, *sites],
    }


@pytest.mark.parametrize("suite", TARGETS)
def test_nginx_accepts_many_sites_without_a_warning(suite: str, edges: Mapping[str, EdgeContainer]) -> None:
    verdict = edges[suite].verdict(rendered(model(), TARGETS[suite]))
    assert verdict.accepted, verdict.printed
