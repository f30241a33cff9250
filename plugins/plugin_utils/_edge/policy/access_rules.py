# SPDX-License-Identifier: GPL-3.0-or-later
"""Access rules as nginx has them, and how those of a site, a prefix and a regular expression go together.

nginx drops all inherited ``allow`` and ``deny`` lines in a block that has one itself, and lets a regular expression
take a request away from the prefix that its path is protected by. The rules here are complete instead:

- A location's ``deny`` adds to the site's; its ``allow``, ``basic_auth``, ``auth_request`` and ``satisfy`` replace the
  site's; ``public: true`` lifts all of them.
- The rules of the longest matching prefix always hold. Where a regular expression has rules too, both hold.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from ..model.access import AuthRequest, BasicAuth
from ..model.location import Location
from ..model.site import Site


@dataclass(frozen=True)
class Rules:
    """The access rules of a block.

    :param allow: networks that are; None means all, an empty tuple means none.
    """

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    basic_auth: BasicAuth | None = None
    auth_request: AuthRequest | None = None
    satisfy: str = "all"

    @property
    def restrict(self) -> bool:
        """Whether anybody is refused."""
        return self.allow is not None or bool(self.deny or self.basic_auth or self.auth_request)


OPEN = Rules()
_UNUSUAL = re.compile(r"\(\?(?![:=!<P])|\(\*|\\Q")
"""Comments, options, verbs and quoting of PCRE: with one of these an expression is taken to match anywhere."""


def has_own_rules(owner: Site | Location) -> bool:
    """Whether a site or location itself restricts access."""
    certificate = isinstance(owner, Location) and owner.client_certificate
    return bool(owner.allow or owner.deny or owner.basic_auth or owner.auth_request or certificate)


def rules_of_site(site: Site) -> Rules:
    """The rules of a site."""
    return Rules(site.allow or None, site.deny, site.basic_auth, site.auth_request, site.satisfy)


def rules_of_location(site: Site, location: Location) -> Rules:
    """The rules of a location, those that it has from its site included."""
    if location.public:
        return OPEN
    return Rules(
        allow=location.allow or site.allow or None,
        deny=_joined(site.deny, location.deny),
        basic_auth=location.basic_auth or site.basic_auth,
        auth_request=location.auth_request or site.auth_request,
        satisfy=location.satisfy or site.satisfy,
    )


def rules_below(site: Site, prefix: Location, regex: Location) -> Rules:
    """The rules of a regular expression for paths below a prefix that has rules."""
    outer = rules_of_location(site, prefix)
    if regex.public or not has_own_rules(regex):
        return outer
    return Rules(
        allow=_common(outer.allow if prefix.allow or not regex.allow else None, regex.allow or None),
        deny=_joined(outer.deny, regex.deny),
        basic_auth=prefix.basic_auth or regex.basic_auth or outer.basic_auth,
        auth_request=prefix.auth_request or regex.auth_request or outer.auth_request,
        satisfy="all",
    )


def conflict_below(site: Site, prefix: Location, regex: Location) -> str:
    """Why the rules of both cannot hold together in nginx; empty where they can."""
    if prefix.public or regex.public or not has_own_rules(regex):
        return ""
    for option in ("basic_auth", "auth_request"):
        ours, theirs = getattr(prefix, option), getattr(regex, option)
        if ours and theirs and _asked(ours) != _asked(theirs):
            return f"both have {option}, and nginx checks only one"
    if "any" in (rules_of_location(site, prefix).satisfy, rules_of_location(site, regex).satisfy):
        return "one of them has satisfy: any"
    return ""


def _asked(access: BasicAuth | AuthRequest) -> tuple[str, ...]:
    if isinstance(access, BasicAuth):
        return (access.users.name,)
    return (access.upstream.name, access.path)


def _joined(*lists: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(network for networks in lists for network in networks))


def _common(ours: tuple[str, ...] | None, theirs: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The networks that two lists have in common; networks lie inside each other or apart."""
    if ours is None or theirs is None:
        return theirs if ours is None else ours
    pairs = [(ipaddress.ip_network(one), ipaddress.ip_network(other)) for one in ours for other in theirs]
    found = []
    for one, other in pairs:
        if one.version == other.version and one.overlaps(other):
            found.append(str(max(one, other, key=lambda network: network.prefixlen)))
    return tuple(dict.fromkeys(found))


def is_protected(site: Site, location: Location) -> bool:
    """Whether a prefix has its own access rules, or is internal, which must hold for every path that it matches."""
    if location.match != "prefix":
        return False
    if location.public:
        return location.internal or rules_of_site(site).restrict
    return has_own_rules(location) or location.internal or location.satisfy not in (None, site.satisfy)


def regexes_below(site: Site, prefix: Location) -> tuple[Location, ...]:
    """The locations with a regular expression that may take requests away from a prefix."""
    return tuple(one for one in site.locations if one.match == "regex" and may_match_below(prefix.path, one.path))


def may_match_below(prefix: str, pattern: str) -> bool:
    """Whether a regular expression may match a path that begins with ``prefix``. Only an anchored expression that
    begins with other characters certainly does not."""
    literal = _literal_start(pattern)
    return literal is None or literal.startswith(prefix) or prefix.startswith(literal)


def _literal_start(pattern: str) -> str | None:
    """The characters that each match begins with; None where the expression is not anchored."""
    if not pattern.startswith("^") or _UNUSUAL.search(pattern) or _has_alternatives(pattern):
        return None
    found = ""
    for part in re.findall(r"\\.|.", pattern[1:], re.DOTALL):
        if part in ("?", "*", "{"):
            return found[:-1]  # the last character need not be there
        if re.match(r"\\[A-Za-z0-9]|[\[\](){}|.+^$]", part):
            return found  # a class of characters, such as \d, or another operator
        found += part[-1]
    return found


def _has_alternatives(pattern: str) -> bool:
    """Whether ``|`` is outside of all groups, so that the anchor does not apply to the whole expression."""
    depth = 0
    for part in re.findall(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]|.", pattern, re.DOTALL):
        depth += (part == "(") - (part == ")")
        if part == "|" and depth == 0:
            return True
    return False
