# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate at which responses are sent."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import Edge

LIMITED = 1.5
"""Seconds in which 256 KiB are not sent at 100 KiB each second."""


def seconds(edge: Edge, path: str) -> float:
    name = f"slow.{edge.name}"
    options = ("-o", "/dev/null", "-w", "%{size_download} %{time_total}", *edge.connect(name))
    size, time = edge.client.curl(*options, f"https://{name}{path}").split()
    assert int(size) == 262144
    return float(time)


@pytest.mark.feature("bandwidth")
def test_a_response_has_the_rate_of_the_site(edge: Edge) -> None:
    assert seconds(edge, "/static/large.bin") > LIMITED


@pytest.mark.feature("bandwidth")
@pytest.mark.parametrize("path", ["/static/fast/large.bin", "/static/later/large.bin"])
def test_a_location_has_another_rate_or_a_first_part_without_one(edge: Edge, path: str) -> None:
    assert seconds(edge, path) < LIMITED
