# SPDX-License-Identifier: GPL-3.0-or-later
"""Cross-origin requests: headers for allowed origins, and the answer to preflight requests.

A preflight request has no credentials, so it is answered before access control: a ``return`` comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model.cors import Cors
from ..policy.response_headers import CORS_HEADERS
from ..syntax import quantities
from ..syntax.paths import literal
from ..syntax.quote import quoted
from .response_headers import Added, ValueMap, value_map

ANY = "*"
_LABELS = "[a-z0-9_-]+(?:[.][a-z0-9_-]+)*"
ORIGIN, CREDENTIALS, EXPOSE, METHODS, HEADERS, MAX_AGE = CORS_HEADERS


def cors_headers(cors: Cors | None) -> list[Added]:
    """The headers of all responses; none without allowed origins."""
    if cors is None or not cors.origins:
        return []
    if cors.origins == (ANY,):
        allowed: ValueMap | None = None
        found = [Added(f"add_header {ORIGIN} {quoted(ANY)} always")]
    else:
        allowed = _allowed(cors.origins)
        found = [
            Added(f"add_header {ORIGIN} {allowed.variable} always", (allowed,)),
            Added("add_header Vary Origin always"),
        ]
    if cors.credentials:
        found.append(_if_allowed(CREDENTIALS, "true", allowed))
    if cors.expose:
        found.append(_if_allowed(EXPOSE, ", ".join(cors.expose), allowed))
    return [*found, *_of_preflight(cors)]


def preflight(cors: Cors | None) -> str:
    """The variable that is set for preflight requests; empty without allowed origins."""
    return _preflight().variable if cors and cors.origins else ""


def _preflight() -> ValueMap:
    source = "$request_method:$http_access_control_request_method:$http_origin"
    return ValueMap(source, "$edge_preflight", (("~^OPTIONS:[^:]+:.", "1"),), "")


def _allowed(origins: Sequence[str]) -> ValueMap:
    entries = []
    for origin in dict.fromkeys(origins):
        scheme, separator, host = origin.partition("://")
        if host.startswith("*."):
            entries.append((f"~^{scheme}://{_LABELS}{literal(host[1:])}$", "$http_origin"))
        else:
            entries.append((f"{scheme}{separator}{host}", "$http_origin"))
    return value_map("origin", "$http_origin", tuple(entries))


def _if_allowed(name: str, value: str, allowed: ValueMap | None) -> Added:
    if allowed is None:
        return Added(f"add_header {name} {quoted(value)} always")
    told = value_map(name, allowed.variable, (("", ""),), value)
    return Added(f"add_header {name} {told.variable} always", (told, allowed))


def _of_preflight(cors: Cors) -> Iterator[Added]:
    asked = _preflight()
    values = (
        (METHODS, ", ".join(cors.methods)),
        (HEADERS, ", ".join(cors.headers)),
        (MAX_AGE, str(int(quantities.seconds(cors.max_age) or 0))),
    )
    for name, value in values:
        if value:
            told = value_map(name, asked.variable, (("1", value),))
            yield Added(f"add_header {name} {told.variable} always", (told, asked))
