# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of cross-origin requests."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.cors import Cors
from ..model.edge import Edge
from ..model.location import Location
from ..model.site import Site
from ..policy.response_headers import CORS_HEADERS, ResponsePolicy, policies
from ..syntax.problems import Problem

ANY = "*"
_OF_CORS = {name.lower() for name in CORS_HEADERS}


def check_cors(edge: Edge) -> Iterator[Problem]:
    """Problems of all sites and locations."""
    for level, policy in policies(edge):
        yield from _level(level, policy)


def _level(level: Site | Location, policy: ResponsePolicy) -> Iterator[Problem]:
    if level.cors:
        yield from _cors(level.cors)
    written = [name for name in (*policy.set, *policy.add) if name.lower() in _OF_CORS]
    if written and level.cors and level.cors.origins:
        reason = f"contradicts response_headers, which have {written[0]}"
        yield Problem(level.at("cors"), reason, "remove one of them")


def _cors(cors: Cors) -> Iterator[Problem]:
    if not cors.origins and (cors.headers or cors.expose or cors.credentials):
        yield Problem(cors.at("origins"), "is empty, so the other options have no effect", "list the origins")
    if ANY in cors.origins:
        if len(cors.origins) > 1:
            yield Problem(cors.at("origins"), "has * and other origins", "write * alone, or remove it")
        if cors.credentials:
            reason = "browsers send no credentials if every origin is allowed"
            yield Problem(cors.at("credentials"), reason, "list the origins, or remove credentials")
