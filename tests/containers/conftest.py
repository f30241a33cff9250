# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers that the tests share. They need the images that ``tests/hosts/build.sh`` makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from ..unit.models import TARGETS
from .edges import EdgeContainer, edge_container


@pytest.fixture(scope="session")
def edges() -> Iterator[Mapping[str, EdgeContainer]]:
    """Suite -> its container."""
    with ExitStack() as stack:
        yield {suite: stack.enter_context(edge_container(suite)) for suite in TARGETS}
