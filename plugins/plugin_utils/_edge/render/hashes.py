# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of nginx's hash tables. nginx warns, and uses slower tables, if they are too small for their texts.

Source: https://nginx.org/en/docs/hash.html; the numbers were tried with 1,000 to 50,000 random texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

OF_ENTRY = 28
"""Bytes of an entry besides its text, and of the end of its bucket."""
SMALLEST_BUCKET, SMALLEST_TABLE = 128, 8192
MANY = 100
"""With more texts, several of them fall into one bucket."""
TOGETHER = 8
"""Texts of average length that have to fit into one bucket then."""


@dataclass(frozen=True, slots=True)
class HashSizes:
    """Parameters of two directives of nginx.

    :param bucket: ``…_hash_bucket_size`` in bytes.
    :param table: ``…_hash_max_size``, the largest number of buckets.
    """

    bucket: int
    table: int


def hash_sizes(*tables: Iterable[str]) -> HashSizes:
    """The sizes that fit each of some tables.

    :param tables: the texts of each one.
    """
    bucket, most = SMALLEST_BUCKET, SMALLEST_TABLE
    for texts in tables:
        lengths = [len(text.encode()) for text in texts]
        needed = max(lengths, default=0) + OF_ENTRY
        if len(lengths) > MANY:
            needed = max(needed, TOGETHER * (sum(lengths) // len(lengths) + OF_ENTRY))
        bucket, most = _power_of_two(needed, bucket), _power_of_two(len(lengths), most)
    return HashSizes(bucket, most)


def _power_of_two(needed: int, size: int) -> int:
    """The smallest one that is at least ``needed`` and ``size``, which is one itself."""
    while size < needed:
        size *= 2
    return size
