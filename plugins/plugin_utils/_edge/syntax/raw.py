# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw directives of ``extra_directives``: read as nginx reads them, so that none leaves its block."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.syntax import Directive, Raw, read_raw

__all__ = ["PROTOCOLS", "Directive", "Raw", "raw_protocols", "read_raw"]

PROTOCOLS = ("fastcgi", "uwsgi", "scgi")
"""Protocols of applications that turn the headers of a request into parameters, such as ``HTTP_COOKIE``."""


def raw_protocols(texts: Iterable[str]) -> tuple[str, ...]:
    """The protocols that raw directives speak to applications."""
    joined = [text for text in texts if "_pass" in text]
    return tuple(one for one in PROTOCOLS if any(f"{one}_pass" in text for text in joined))
