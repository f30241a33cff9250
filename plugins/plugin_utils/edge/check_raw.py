# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of raw directives: they stay in their block, and bring back no trap that the model keeps out."""

from __future__ import annotations

from collections.abc import Iterator

from .model import Edge
from .problems import Problem
from .raw import Directive, read_raw

TLS_OF_THE_DEFAULT_SERVER = frozenset({"ssl_protocols", "ssl_ciphers", "ssl_ecdh_curve", "ssl_conf_command"})
"""nginx takes them from the default server of the port, whatever a named server says."""


def check_raw(edge: Edge) -> Iterator[Problem]:
    """Problems of all raw directives."""
    for place, text, in_site in _texts(edge):
        raw = read_raw(text)
        if raw.problem:
            yield Problem(place, raw.problem, "write whole directives, each with its ; or its { }")
        for directive in raw.directives:
            yield from _directive(place, directive, in_site=in_site)


def _texts(edge: Edge) -> Iterator[tuple[str, str, bool]]:
    """Place, text, and whether it stands in a site."""
    yield "edge_extra_directives", edge.extra_directives or "", False
    yield "edge_stream_extra_directives", edge.stream_extra_directives or "", False
    for stream in edge.streams:
        yield stream.at("extra_directives"), stream.extra_directives, False
    for site in edge.sites:
        for part in site.parts:
            yield part.at("extra_directives"), part.extra_directives, True


def _directive(place: str, directive: Directive, *, in_site: bool) -> Iterator[Problem]:
    name, *parameters = directive.words
    if name.endswith("_ignore_headers") and "set-cookie" in map(str.lower, parameters):
        reason = f"{name} Set-Cookie lets the cache hand the session of one client to others"
        yield Problem(place, reason, "take Set-Cookie out, or let the backend send none")
    if in_site and name in TLS_OF_THE_DEFAULT_SERVER:
        reason = f"nginx ignores {name} of a single site: it takes that of the port's default server"
        yield Problem(place, reason, "choose edge_tls_policy, for all sites")
