# SPDX-License-Identifier: GPL-3.0-or-later
"""The response headers of edge, site and location; an inner level overrides the outer ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..model.cors import Cors
from ..model.edge import Edge
from ..model.headers import Lifetime
from ..model.location import Location
from ..model.site import Site

ALWAYS_HIDDEN = ("Alt-Svc", "X-Powered-By")
"""Headers of backends: one leads clients past the edge, the other gives its software away."""
SERVER = "Server"
"""Names the software, too. nginx itself hides it of backends of HTTP and gRPC, and not of others."""
HIDES_SERVER = ("proxy", "grpc")

CORS_HEADERS = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Expose-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Max-Age",
)
"""Headers of responses to cross-origin requests."""
LIFETIMES = frozenset({"cache-control", "expires", "pragma"})
"""Headers that say how long a response may be kept: a wrong one on an error or a redirect to a login stays for long."""
LIFETIME_STATUSES = (200, 206)
"""The statuses of responses that have a lifetime from the model."""


def merged(headers: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Headers with changes laid over them; names are compared as HTTP does, without regard to case."""
    if not changes:
        return dict(headers)
    changed = {name.lower() for name in changes}
    return {**{name: value for name, value in headers.items() if name.lower() not in changed}, **changes}


@dataclass(frozen=True)
class ResponsePolicy:
    """The response headers of a level of the model (edge, site, location), with those of outer levels."""

    security: Mapping[str, str] = field(default_factory=dict)
    override: frozenset[str] = frozenset()
    set: Mapping[str, str] = field(default_factory=dict)
    add: Mapping[str, str] = field(default_factory=dict)
    remove: frozenset[str] = frozenset()
    lifetimes: tuple[Lifetime, ...] = ()
    cors: Cors | None = None

    def over(self, level: Edge | Site | Location) -> ResponsePolicy:
        """The policy of a level inside this one; most levels change nothing."""
        own = level.response_headers
        lifetimes = () if isinstance(level, Edge) else level.expires
        cors = None if isinstance(level, Edge) else level.cors
        security = (level.security_headers, level.security_headers_override)
        if not any((*security, own.set, own.add, own.remove, lifetimes, cors)):
            return self
        return ResponsePolicy(
            security=merged(self.security, level.security_headers),
            override=self.override | {name.lower() for name in level.security_headers_override},
            set=merged(self.set, own.set),
            add=merged(self.add, own.add),
            remove=self.remove | set(own.remove),
            lifetimes=lifetimes or self.lifetimes,
            cors=cors or self.cors,
        )

    @property
    def names_lifetime(self) -> str:
        """The first of the set and added headers that is a lifetime; empty if there is none."""
        return next((name for name in (*self.set, *self.add) if name.lower() in LIFETIMES), "")

    def hidden(self, protocols: Iterable[str]) -> tuple[str, ...]:
        """Directives that keep headers of backends from clients."""
        overridden = (name for name, value in self.security.items() if value and name.lower() in self.override)
        of_cors = CORS_HEADERS if self.cors and self.cors.origins else ()
        every = (*ALWAYS_HIDDEN, *sorted(self.remove), *self.set, *overridden, *of_cors)
        names = {name.lower(): name for name in every}
        of_applications = {**names, SERVER.lower(): SERVER}
        return tuple(
            f"{protocol}_hide_header {name}"
            for protocol in protocols
            for _key, name in sorted((names if protocol in HIDES_SERVER else of_applications).items())
        )


def policies(edge: Edge) -> Iterator[tuple[Site | Location, ResponsePolicy]]:
    """Each site and location with its policy."""
    of_edge = edge_policy(edge)
    for site in edge.sites:
        of_site = of_edge.over(site)
        yield site, of_site
        for location in site.locations:
            yield location, of_site.over(location)


def edge_policy(edge: Edge) -> ResponsePolicy:
    """Headers of responses as the edge has them for all sites."""
    return ResponsePolicy().over(edge)
