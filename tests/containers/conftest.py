# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers that the tests share. They need the images that ``tests/hosts/build.sh`` makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import sample_step

from ..unit.models import TARGETS
from .edges import EdgeContainer, edge_container

collect_ignore = [] if sample_step() == 1 else ["real"]
"""Real applications are not part of ``make test``."""


@pytest.fixture(scope="session")
def edges() -> Iterator[Mapping[str, EdgeContainer]]:
    """Suite -> its container."""
    with ExitStack() as stack:
        yield {suite: stack.enter_context(edge_container(suite)) for suite in TARGETS}
