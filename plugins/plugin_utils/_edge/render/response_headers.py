# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of responses: what the edge adds to them, and what of a backend's response does not reach the client.

A security header is added where the response has none. nginx adds no header whose value is empty, so the value is a
variable, which a map fills by what the response has (``$sent_http_…``): right for proxied, cached, static, intercepted
and generated responses alike. Nothing is added on 304, which must not change what a cache has stored (RFC 9111).
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from ..policy.effective import Effective
from ..policy.response_headers import LIFETIME_STATUSES, LIFETIMES, ResponsePolicy
from ..syntax.quote import quote, quoted

HSTS = "strict-transport-security"
CSP = "content-security-policy"
FRAME_OPTIONS = "x-frame-options"


@dataclass(frozen=True, slots=True)
class ValueMap:
    """A ``map`` that decides about the value of a header.

    :param entries: pairs of source value and result.
    """

    source: str
    variable: str
    entries: tuple[tuple[str, str], ...]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Added:
    """An ``add_header`` and, where its value depends on the response, the maps that decide.

    :param asked: the header that the response may have already, for :func:`own_headers`.
    """

    directive: str
    value_maps: tuple[ValueMap, ...] = ()
    asked: str = ""


def added_headers(
    policy: ResponsePolicy,
    variables: Effective,
    *,
    tls: bool,
    scheme: str = "",
    alt_svc: str = "",
    first: Iterable[Added] = (),
) -> list[Added]:
    """A header that is added to every response of a block.

    :param tls: whether the block serves over TLS only; elsewhere HSTS depends on the proxies in front, if on anything.
    :param scheme: the variable that HSTS depends on, if the block serves both.
    :param alt_svc: value of Alt-Svc; empty without HTTP/3.
    :param first: headers that come before the others.
    """
    found = [*first]
    for name, value in policy.security.items():
        if value and (name.lower() != HSTS or tls or scheme or variables.believed):
            found.append(_security(name, value, "" if tls else scheme or variables.scheme))
    if alt_svc:
        found.append(_constant("Alt-Svc", alt_svc))
    for name, value in policy.set.items():
        found.append(_lifetime(name, value, replaces=True) if name.lower() in LIFETIMES else _constant(name, value))
    for name, value in policy.add.items():
        found.append(_lifetime(name, value, replaces=False) if name.lower() in LIFETIMES else _constant(name, value))
    return found


def _constant(name: str, value: str) -> Added:
    return Added(f"add_header {name} {quoted(value)} always")


@functools.cache
def value_map(name: str, source: str, entries: tuple[tuple[str, str], ...], otherwise: str = "") -> ValueMap:
    """A map whose variable is named after a header and what the map decides."""
    decided = " ".join((source, *(word for entry in entries for word in entry), otherwise))
    digest = hashlib.sha256(decided.encode()).hexdigest()[:8]
    return ValueMap(source, f"$edge_{_underscored(name)[:24]}_{digest}", entries, otherwise)


def mapped(name: str, *maps: ValueMap, asked: str = "") -> Added:
    """A header whose value is the result of the first map, which may depend on the others."""
    return Added(f"add_header {name} {maps[0].variable} always", maps, asked)


def _underscored(name: str) -> str:
    return name.lower().replace("-", "_")


OWN_HEADERS = "$edge_own_headers"


@functools.cache
def _security(name: str, value: str, scheme: str) -> Added:
    """A header that is added where the response has none.

    Most responses have no security header at all, which one variable knows; the others are looked at one by one.
    """
    key = name.lower()
    sent = f"$edge_not_modified$sent_http_{_underscored(name)}"
    if key == HSTS and scheme:
        return mapped(name, value_map(name, f"{scheme}:{sent}", (("https:", value),)), asked=name)
    if key == FRAME_OPTIONS:
        # `$edge_framing` is what the backend sent of both headers; nginx caches the value once it is evaluated.
        missing = value_map(name, "$edge_not_modified$edge_framing", (("", value), ("policy", value)))
    elif key == CSP and "frame-ancestors" in value.lower():
        missing = value_map(name, "$edge_not_modified$edge_framing", (("", value),))
    else:
        missing = value_map(name, sent, (("", value),))
    return mapped(name, value_map(name, OWN_HEADERS, (("", value),), missing.variable), missing, asked=name)


def own_headers(added: Iterable[Added]) -> str:
    """The expression that is empty where a response is no 304 and has none of the headers that may be added."""
    names = sorted({_underscored(one.asked) for one in added if one.asked})
    return "".join(("$edge_not_modified", *(f"$sent_http_{name}" for name in names)))


def _lifetime(name: str, value: str, *, replaces: bool) -> Added:
    otherwise = f"$upstream_http_{_underscored(name)}" if replaces else ""
    return mapped(
        name, value_map(name, "$status", tuple((str(status), value) for status in LIFETIME_STATUSES), otherwise)
    )


def value_maps(added: Iterable[Added]) -> tuple[ValueMap, ...]:
    """The maps that some headers need, each once."""
    return tuple({one.variable: one for header in added for one in header.value_maps}.values())


SPECIAL = ("default", "hostnames", "include", "volatile")
"""Words with a special meaning in a map (ngx_http_map_module); a backslash makes them values."""


def _map_key(source: str) -> str:
    if source in SPECIAL:
        return quoted(f"\\{source}")
    return quote(source) if source else "''"


def map_lines(value_map: ValueMap) -> tuple[str, ...]:
    """The entries of a map, as nginx writes them."""
    entries = [f"{_map_key(source)} {quoted(value)}" for source, value in value_map.entries]
    return (*entries, f"default {quoted(value_map.otherwise)}")
