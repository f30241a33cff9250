# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of hash tables."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.render.hashes import HashSizes, hash_sizes


@pytest.mark.parametrize(
    ("texts", "sizes"),
    [
        ([], HashSizes(128, 8192)),
        (["x" * 100], HashSizes(128, 8192)),
        (["x" * 101], HashSizes(256, 8192)),
        (["é" * 60], HashSizes(256, 8192)),
        (["x" * 30] * 100, HashSizes(128, 8192)),
        (["x" * 30] * 101, HashSizes(512, 8192)),
        (["x" * 30] * 8193, HashSizes(512, 16384)),
        (["x" * 4] * 20_000, HashSizes(256, 32768)),
    ],
)
def test_a_bucket_fits_the_longest_text_and_several_of_many(texts: list[str], sizes: HashSizes) -> None:
    assert hash_sizes(texts) == sizes


def test_each_table_counts_by_itself() -> None:
    assert hash_sizes(["x" * 30] * 60, ["y" * 30] * 60) == HashSizes(128, 8192)
    assert hash_sizes(["x" * 200], ["y"] * 9000) == HashSizes(256, 16384)
