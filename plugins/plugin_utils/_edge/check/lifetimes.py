# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the rules for the lifetimes of responses."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.edge import Edge
from ..model.headers import Lifetime
from ..model.location import Location
from ..model.site import Site
from ..policy.response_headers import LIFETIME_STATUSES, ResponsePolicy, policies
from ..syntax.paths import wrong_structure
from ..syntax.problems import Problem
from .groups import check_groups


def check_lifetimes(edge: Edge) -> Iterator[Problem]:
    """Problems of all sites and locations."""
    for level, policy in policies(edge):
        yield from _level(level, policy)
        answer = level.return_ if isinstance(level, Location) else None
        if level.expires and answer and answer.status not in LIFETIME_STATUSES:
            reason = f"never applies to status {answer.status}"
            yield Problem(level.at("expires"), reason, "remove it; only status 200 and 206 have a lifetime")


def _level(level: Site | Location, policy: ResponsePolicy) -> Iterator[Problem]:
    earlier: list[Lifetime] = []
    for rule in level.expires:
        yield from _rule(rule)
        for before in earlier:
            if _hides(before, rule):
                reason = f"never applies, because {before.place.rpartition('.')[2]} applies to all of its responses"
                yield Problem(rule.place, reason, "put the more specific rule first, or remove one of them")
                break
        earlier.append(rule)
    if level.expires and policy.names_lifetime:
        reason = f"contradicts response_headers, which have {policy.names_lifetime}"
        yield Problem(level.at("expires"), reason, "remove one of them")


def _rule(rule: Lifetime) -> Iterator[Problem]:
    if (rule.max_age is None) == (rule.cache_control is None):
        given = "has max_age and cache_control" if rule.max_age else "has no lifetime"
        yield Problem(rule.place, given, "write one of max_age and cache_control")
    if rule.cache_control == "":
        yield Problem(rule.at("cache_control"), "has no value", "write a value such as no-cache")
    if rule.immutable and rule.max_age is None:
        yield Problem(rule.at("immutable"), "needs max_age in the same rule", "write max_age, such as 1y")
    if rule.pattern is not None and (wrong := wrong_structure(rule.pattern)):
        yield Problem(rule.at("pattern"), f"is not a regular expression: {wrong}")
    elif rule.pattern is not None:
        yield from check_groups(rule.at("pattern"), rule.pattern)


def _hides(before: Lifetime, rule: Lifetime) -> bool:
    """Whether every response that a rule applies to has the lifetime of an earlier one."""
    paths = before.pattern is None or before.pattern == rule.pattern
    return paths and (not before.types or (bool(rule.types) and all(_covers(before, one) for one in rule.types)))


def _covers(before: Lifetime, name: str) -> bool:
    return name in before.types or f"{name.partition('/')[0]}/*" in before.types
