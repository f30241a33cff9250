# SPDX-License-Identifier: GPL-3.0-or-later
"""Compression of responses: gzip, and what dynamic modules add with directives of the same meaning."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.edge import Edge

GZIP = "gzip"
FILTERS = {"brotli": "ngx_http_brotli_filter_module", "zstd": "ngx_http_zstd_filter_module"}
"""Method -> the module that compresses responses with it."""
STATIC = {"brotli": "ngx_http_brotli_static_module", "zstd": "ngx_http_zstd_static_module"}
"""Method -> the module that sends compressed files."""


def methods(edge: Edge) -> tuple[str, ...]:
    """The methods that modules of the edge add."""
    return tuple(method for method, module in FILTERS.items() if module in edge.modules)


def compressed(on: bool | None, edge: Edge) -> Iterator[str]:
    """Directives of a site or location; none where it does as the block around it."""
    if on is not None:
        yield from (f"{method} {'on' if on else 'off'}" for method in (GZIP, *methods(edge)))


def compressed_files(edge: Edge) -> Iterator[str]:
    """Directives of a location that sends compressed files."""
    for method in (GZIP, *(method for method, module in STATIC.items() if module in edge.modules)):
        yield f"{method}_static on"
