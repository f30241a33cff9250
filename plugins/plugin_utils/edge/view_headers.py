# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of responses, and what a backend's response may not carry."""

from __future__ import annotations

from dataclasses import dataclass

from .quote import quoted

HSTS = "Strict-Transport-Security"


def merged(headers: dict[str, str], changes: dict[str, str]) -> dict[str, str]:
    """Headers with changes laid over them; names are compared as HTTP does, without regard to case."""
    changed = {name.lower() for name in changes}
    return {**{name: value for name, value in headers.items() if name.lower() not in changed}, **changes}


def hidden_headers(headers: dict[str, str]) -> tuple[str, ...]:
    """What a backend may not add: headers that the edge sets itself, and what gives its software away."""
    return tuple(sorted({name for name, value in headers.items() if value} | {"X-Powered-By"}))


@dataclass(frozen=True)
class Headers:
    """What a server adds to its responses.

    :param security: names and values; an empty value turns one off.
    :param alt_svc: value of Alt-Svc; empty without HTTP/3.
    :param tls: whether HSTS may be sent.
    """

    security: dict[str, str]
    alt_svc: str
    tls: bool

    def directives(self, changes: dict[str, str] | None = None) -> tuple[str, ...]:
        """The full set, with a location's changes laid over it."""
        headers = merged(self.security, changes or {})
        sent = {name: value for name, value in headers.items() if value and (self.tls or name.lower() != HSTS.lower())}
        if self.alt_svc:
            sent["Alt-Svc"] = self.alt_svc
        return tuple(f"add_header {name} {quoted(value)} always" for name, value in sent.items())
