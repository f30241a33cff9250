# SPDX-License-Identifier: GPL-3.0-or-later
"""A handshake for a known name, and then a request for another one: no page of nginx's own, no other site."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ..unit.models import GOLDEN, TARGETS
from ..unit.whole.test_golden import render_all
from .edges import EdgeContainer

NAME = "www.example.com"
ANSWERS = {"bullseye": "000"}
"""Before nginx 1.19.4 the server for unknown names shows a certificate, and closes the connection."""


@pytest.mark.parametrize("suite", TARGETS)
def test_a_request_for_an_unknown_name_finds_nothing(suite: str, edges: Mapping[str, EdgeContainer]) -> None:
    files = render_all(GOLDEN / "backends", suite)
    where = ["--resolve", f"{NAME}:443:127.0.0.1", f"https://{NAME}/", "--header", "Host: other.example.org"]
    command = [
        "curl",
        "--http1.1",
        "--silent",
        "--insecure",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code}",
        *where,
    ]
    assert edges[suite].verdict(files, command).printed == ANSWERS.get(suite, "421")
