# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a scenario has, and what a fault came to, for the report."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.tools.reliability import Row


def edges() -> tuple[str, ...]:
    """Names of the edges that this run of the scenario has, from molecule's inventory."""
    inventory = yaml.safe_load(Path(os.environ["MOLECULE_INVENTORY_FILE"]).read_text(encoding="utf-8"))
    return tuple(sorted(inventory["edge"]["hosts"]))


def sample_step() -> int:
    """A run of the tests takes every case (1), every second one (2), and so on, of those that are alike and slow."""
    return int(os.environ.get("NGINX_EDGE_SAMPLE", "1"))


def record(request: pytest.FixtureRequest, row: Row) -> None:
    """Put a row of the matrix into pytest's report of a test."""
    request.node.user_properties.append(("fault", row.as_property()))
