# SPDX-License-Identifier: GPL-3.0-or-later
"""Which header names fit into nginx's table of the headers that a location sets.

For HTTP backends the size of the table is an option (``proxy_headers_hash_bucket_size``). For gRPC, FastCGI, uwsgi and
SCGI it is fixed: 512 buckets of 64 bytes (``ngx_http_grpc_init_headers``, ``ngx_http_fastcgi_init_params``). nginx
warns at each start when the names do not fit. This is its algorithm (``ngx_hash_init``), to find out before.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

BUCKETS = 512
_BUCKET = 64 - 8
"""Bytes of a bucket, less the pointer that ends it."""
OF_GRPC = (
    "content-length",
    "te",
    "host",
    "connection",
    "transfer-encoding",
    "keep-alive",
    "expect",
    "upgrade",
    "if-modified-since",
    "if-unmodified-since",
    "if-none-match",
    "if-match",
    "range",
    "if-range",
)
"""Names that nginx adds by itself for gRPC."""
OF_APPLICATIONS = (
    "if_modified_since",
    "if_unmodified_since",
    "if_none_match",
    "if_match",
    "range",
    "if_range",
)
"""Names that nginx adds by itself for FastCGI, uwsgi and SCGI, where responses are cached."""


@functools.lru_cache(maxsize=256)
def fitting(first: Sequence[str], others: Sequence[str]) -> frozenset[str]:
    """The names of ``others`` that fit into the table next to the names that are ``first``.

    :param first: names in lower case that are in the table in any case.
    :param others: names in lower case, the more important ones first.
    """
    own = dict.fromkeys(first)
    hashes = {name: _hash(name) for name in (*own, *others)}
    best: frozenset[str] = frozenset()
    for buckets in range(BUCKETS, 0, -1):
        taken = _fill(own, others, hashes, buckets)
        if taken is not None and len(taken) > len(best):
            best = frozenset(taken)
    return best


def _fill(own: dict[str, None], others: Sequence[str], hashes: dict[str, int], buckets: int) -> list[str] | None:
    """The names that fit into so many buckets; None where not even the first ones do."""
    used: dict[int, int] = {}
    taken = []
    for name in (*own, *others):
        bucket = hashes[name] % buckets
        size = used.get(bucket, 0) + _element(name)
        if size <= _BUCKET:
            used[bucket] = size
            taken.append(name)
        elif name in own:
            return None
    return taken[len(own) :]


def _hash(name: str) -> int:
    value = 0
    for character in name.encode():
        value = (value * 31 + character) & 0xFFFF_FFFF_FFFF_FFFF
    return value


def _element(name: str) -> int:
    """Bytes of a name in a bucket."""
    return 8 + (len(name) + 2 + 7) // 8 * 8
