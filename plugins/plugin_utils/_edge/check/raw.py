# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of raw directives: they stay in their block, and undo nothing that the model promises.

nginx drops the inherited values of many directives in a block that has one itself, and uses the last of several.
Raw directives that would undo a promise in this way are refused, with the option to use instead. Raw ``server`` blocks
are their writer's own, and so is what a file holds that raw directives include.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..model.edge import Edge
from ..model.site import Site
from ..policy.access_rules import has_own_rules, is_protected, regexes_below, rules_of_location, rules_of_site
from ..policy.refused_directives import ENTRIES, REFUSED, STREAM_REFUSED, Refusal
from ..syntax.problems import Problem
from ..syntax.raw import PROTOCOLS, Directive, read_raw

SERVER = "server"
PARAMETER_FILE = re.compile(r"^/.*(?:_params|/fastcgi(?:-php)?\.conf)$")
"""Files of the distribution with parameters for applications."""


def check_raw(edge: Edge) -> Iterator[Problem]:
    """Problems of all raw directives."""
    for text in _texts(edge):
        raw = read_raw(text.text)
        if raw.problem:
            yield Problem(text.place, raw.problem, "write complete directives, each with ; or { }")
        for directive in raw.directives:
            yield from _directive(text, directive)
        yield from _without_parameters(text, raw.directives)
        if text.protocol in PROTOCOLS:
            yield from _second_parameters(text, raw.directives)


@dataclass(frozen=True)
class _Text:
    """Raw directives and where they are.

    :param level: ``edge``, ``site``, ``location`` or ``stream``.
    :param restricted: whether access rules hold there.
    :param protects: whether a site there restricts access to some paths only.
    :param conditions: whether a ``location`` block there would lack conditions that nginx does not inherit.
    :param protocol: the protocol of a backend of the location itself, as in ``fastcgi_pass``; empty without one.
    """

    place: str
    text: str
    level: str
    restricted: bool = False
    protects: bool = False
    protocol: str = ""
    conditions: bool = False


def _texts(edge: Edge) -> Iterator[_Text]:
    protects = any(_protects(site) for site in edge.sites)
    yield _Text("edge_extra_directives", edge.extra_directives or "", "edge", protects=protects)
    yield _Text("edge_stream_extra_directives", edge.stream_extra_directives or "", "stream")
    for stream in edge.streams:
        yield _Text(stream.at("extra_directives"), stream.extra_directives, "stream")
    for site in edge.sites:
        protects, restricted = _protects(site), rules_of_site(site).restrict
        some = site.has_plain_locations or any(part.methods or part.deny_if for part in site.parts)
        yield _Text(site.at("extra_directives"), site.extra_directives, "site", restricted, protects, conditions=some)
        for location in site.locations:
            restricted = rules_of_location(site, location).restrict or any(
                location in regexes_below(site, prefix)
                for prefix in site.locations
                if is_protected(site, prefix) and not prefix.public
            )
            application = location.backend_protocol if location.backend else ""
            place = location.at("extra_directives")
            own = site.has_plain_locations or location.client_certificate
            own = own or any(part.methods or part.deny_if for part in (site, location))
            yield _Text(place, location.extra_directives, "location", restricted, protects, application, bool(own))


def _protects(site: Site) -> bool:
    """Whether some locations of a site are not for every client that others serve."""
    return any(has_own_rules(one) or one.internal or one.public for one in site.locations)


def _directive(text: _Text, directive: Directive) -> Iterator[Problem]:
    blocks = [block[0] for block in directive.within]
    if blocks and blocks[-1] in ENTRIES:
        return  # an entry of a map is not a directive
    if directive.name == "include":
        yield from _include(text.place, directive)
    if SERVER in blocks and text.level == "edge":
        return
    if directive.name == "return" and text.restricted and _answers(directive):
        reason = "return answers before nginx checks the access rules"
        yield Problem(text.place, reason, "serve this from root or upstream, or write public: true in a location")
    if directive.name == "location" and text.conditions:
        reason = "location has none of client_certificate, deny_if, methods and the redirect to HTTPS"
        yield Problem(text.place, reason, "write it in locations of the site, where these options apply")
        return
    if directive.name == "ssi" and directive.words[1:2] == ("on",) and text.protects:
        reason = "ssi on lets pages include protected locations of the site: nginx checks no access rules for them"
        yield Problem(text.place, reason, "move the pages or the protected locations to another site")
    table = STREAM_REFUSED if text.level == "stream" else REFUSED
    for refusal in table.get(directive.name.lower(), ()):
        if refusal.applies(text.level, directive):
            yield _problem(text, directive, refusal)
            return


def _without_parameters(text: _Text, directives: Sequence[Directive]) -> Iterator[Problem]:
    """A pass next to which no parameters are: those of outer blocks are not inherited, because the edge adds some."""
    for protocol in PROTOCOLS:
        for one in directives:
            if one.name == f"{protocol}_pass" and text.level in ("site", "location"):
                beside = {other.name for other in directives if other.within == one.within}
                if not beside & {"include", f"{protocol}_param"}:
                    reason = f"{one.name} has no parameters in its own block, and inherits none"
                    yield Problem(text.place, reason, f"write include /etc/nginx/{protocol}_params; next to it")


def _second_parameters(text: _Text, directives: Sequence[Directive]) -> Iterator[Problem]:
    """Parameters next to those of the edge: applications take the last one of each name, such as SCRIPT_FILENAME."""
    for one in directives:
        included = one.name == "include" and any(PARAMETER_FILE.search(path) for path in one.words[1:])
        if included or one.name == f"{text.protocol}_param":
            shown = " ".join(one.words[:2]) if included else one.name
            reason = f"{shown} sets parameters that the edge sets, too"
            yield Problem(text.place, reason, "write parameters: {NAME: value}, or request_headers for HTTP_NAME")


def _answers(directive: Directive) -> bool:
    """Whether a ``return`` has a text for the client, and not only a refusal or a redirect."""
    return len(directive.words) > len(("return", "status")) and directive.words[1].startswith("2")


def _problem(text: _Text, directive: Directive, refusal: Refusal) -> Problem:
    prefix = "edge_" if text.level == "edge" else ""
    return Problem(
        text.place, f"{refusal.shown(directive)} {refusal.reason}", refusal.remedy.replace("{prefix}", prefix)
    )


def _include(place: str, directive: Directive) -> Iterator[Problem]:
    for path in directive.words[1:]:
        name = path.rsplit("/", 1)[-1]
        if not path.startswith("/"):
            reason = f"include {path} is read from another folder when the configuration is tested than when it is live"
            yield Problem(place, reason, "write the absolute path, such as /etc/nginx/fastcgi_params")
        elif name in ("proxy_params", "proxy.conf"):
            reason = f"include {path} replaces the headers that backends get from the edge"
            yield Problem(place, reason, "remove it; the edge sends these headers to every backend")
