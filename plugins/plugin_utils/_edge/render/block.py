# SPDX-License-Identifier: GPL-3.0-or-later
"""A ``location`` block: limits and access first, then what it does, then caching and headers, each a paragraph."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..model.access import AuthRequest
from ..model.edge import Edge
from ..model.location import Location
from ..model.site import Site
from ..policy.limits import connection_limits, rate_limits
from ..policy.methods import allowed_methods
from ..syntax.raw import PROTOCOLS
from .cache import view_cache_use
from .compression import compressed, compressed_files
from .context import SiteContext
from .cors import preflight
from .errors import ErrorLocation
from .logs import access_log
from .maps import conditions, wrong_method
from .prefixes import rest_of_path, strips_prefix
from .request_headers import SET_HEADER, DroppedHeaders
from .response_headers import Added, ValueMap
from .upstream_choice import upstream_choice
from .zones import connection_limit_zone, rate_limit_zone

BAD_REQUEST, FORBIDDEN = "400", "403"
PLAIN = '$https = ""'
"""The condition that a request came without TLS."""
Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class LocationView:
    """A ``location`` block.

    :param groups: directives, each group a paragraph.
    :param returns: conditions, and what ``return`` answers to requests that meet them.
    :param preflight: the variable that is set for preflight requests; empty if the edge does not answer them.
    :param wrong_method: the variable that is set for methods that are not allowed; empty if all are.
    :param added: headers that it adds to responses.
    :param inner: locations inside it.
    :param maps: what its variables mean.
    :param dropped: the files of dropped headers that it includes.
    :param errors: the locations of its responses to errors.
    """

    place: str
    match: str
    groups: Groups
    extra_directives: str = ""
    returns: tuple[tuple[str, str], ...] = ()
    preflight: str = ""
    wrong_method: str = ""
    added: tuple[Added, ...] = ()
    inner: tuple[LocationView, ...] = ()
    maps: tuple[ValueMap, ...] = ()
    dropped: tuple[DroppedHeaders, ...] = ()
    errors: tuple[ErrorLocation, ...] = ()

    def walk(self) -> Iterator[LocationView]:
        """This location and all locations inside it."""
        yield self
        for one in self.inner:
            yield from one.walk()


@dataclass(frozen=True, slots=True)
class Blocks:
    """Writes the blocks of one location; all of them have its complete set of headers.

    :param prefix: the protected prefix that the location is inside of.
    :param option: the option that a block comes from, where it is not the location as a whole.
    """

    location: Location
    context: SiteContext
    prefix: Location | None = None
    option: str = ""

    @property
    def fallback(self) -> str:
        """Name of the block that requests are passed to if no file is there."""
        named = " ".join((self.location.match, self.location.path, self.prefix.path if self.prefix else ""))
        return f"@edge_{hashlib.sha256(named.encode()).hexdigest()[:8]}"

    def of_files(self, match: str, groups: Groups, inner: tuple[LocationView, ...] = ()) -> LocationView:
        """A block that passes no requests to the backend."""
        added, hidden = self._response_headers()
        raw, dropped = self.context.raw(self.location, self.prefix)
        methods = allowed_methods(self.context.site, self.location)
        errors = self.context.errors_of_location(self.location, self._auth)
        return LocationView(
            place=self.location.at(self.option) if self.option else self.location.place,
            match=match,
            groups=tuple(group for group in (*groups, errors.directives, hidden) if group),
            extra_directives=raw,
            returns=tuple(self._returns()),
            added=added,
            inner=inner,
            wrong_method=wrong_method(methods).variable if methods and not self.location.internal else "",
            preflight=preflight(self.context.policy.over(self.location).cors),
            maps=tuple(_refusals(*dropped)),
            dropped=dropped,
            errors=errors.locations,
        )

    def of_backend(self, match: str, groups: Groups, parameters: tuple[str, ...] = ()) -> LocationView:
        """A block that passes requests to the backend.

        :param parameters: CGI parameters that depend on the script.
        """
        context, location = self.context, self._without_shared_responses()
        levels = (context.edge, context.site, location)
        protocol = location.backend_protocol
        cache = view_cache_use(location.cache, levels, context.variables, protocol=protocol) if location.cache else None
        requests = context.requests_of_location(location, cache.headers if cache else (), self.prefix)
        inherited = protocol in SET_HEADER and requests == context.requests_of_site(protocol)
        view = replace(self, location=location).of_files(
            match,
            (
                *groups,
                self._shared_parameters(protocol) + parameters,
                () if inherited else requests.directives(context.generation),
                cache.directives if cache else (),
            ),
        )
        refusal = requests.dropped.refusal
        choice = upstream_choice(location)
        rest = rest_of_path(location) if strips_prefix(location) else None
        return replace(
            view,
            returns=(
                *view.returns,
                *(((refusal.variable, BAD_REQUEST),) if refusal else ()),
                *(((f'{rest.variable} = ""', BAD_REQUEST),) if rest else ()),
            ),
            maps=(
                *(cache.maps if cache else ()),
                *((rest,) if rest else ()),
                *((choice,) if choice else ()),
                *_refusals(requests.dropped),
                *view.maps,
            ),
            dropped=(requests.dropped, *view.dropped),
        )

    def _returns(self) -> Iterator[tuple[str, str]]:
        """nginx does not inherit ``if``, so each block has those of the location and of the prefix around it."""
        levels = [one for one in (self.location, self.prefix) if one]
        if self.context.to_https and not self.location.internal and any(one.https for one in levels):
            yield PLAIN, self.context.to_https
        if any(one.client_certificate for one in levels):
            yield "$ssl_client_verify != SUCCESS", FORBIDDEN
        yield from conditions(self.context.site, self.location)

    @property
    def _auth(self) -> AuthRequest | None:
        """The service that decides about the requests of the location."""
        return self.context.rules(self.location, self.prefix).auth_request

    def _shared_parameters(self, protocol: str) -> tuple[str, ...]:
        if protocol not in PROTOCOLS:
            return ()
        return (f"include /etc/nginx/generations/{self.context.generation}/{protocol}_parameters.conf",)

    def _without_shared_responses(self) -> Location:
        """The location without a cache, if it would serve a response for one user to others."""
        if self.prefix and self._auth:
            return replace(self.location, cache=None)
        return self.location

    def _response_headers(self) -> tuple[tuple[Added, ...], tuple[str, ...]]:
        added = self.context.added_by_location(self.location, self._auth)
        return tuple(added), (*self.context.hidden_by_location(self.location), *(one.directive for one in added))


def _refusals(*dropped: DroppedHeaders) -> Iterator[ValueMap]:
    return (one.refusal for one in dropped if one.refusal)


def counted(site: Site, location: Location) -> tuple[str, ...]:
    """Limits of requests and connections; each request is counted once, in the first block that it reaches."""
    directives = []
    rates = rate_limits(site, location)
    for use in rates:
        burst = f" burst={use.burst}" if use.burst else ""
        spacing = f" delay={use.delay}" if use.delay else ""  # nginx delays all of them by default
        if use.burst and use.delay is None and use.nodelay is not False:
            spacing = " nodelay"
        directives.append(f"limit_req zone={rate_limit_zone(use.limit)}{burst}" + (spacing if use.burst else ""))
    if any(use.dry_run for use in rates):
        directives.append("limit_req_dry_run on")
    connections = connection_limits(site, location)
    directives += (f"limit_conn {connection_limit_zone(use.limit)} {use.connections}" for use in connections)
    return tuple(directives)


def bandwidth(part: Site | Location) -> Iterator[str]:
    """The rate of each response; locations inherit that of their site."""
    if part.limit_rate:
        yield f"limit_rate {part.limit_rate}"
    if part.limit_rate_after:
        yield f"limit_rate_after {part.limit_rate_after}"


def handled(location: Location, edge: Edge) -> Iterator[str]:
    """Settings of every block of a location: how bodies are read, compressed and sent, and the log."""
    if location.client_max_body_size:
        yield f"client_max_body_size {location.client_max_body_size}"
    if location.client_body_timeout and location.backend_protocol != "grpc":
        yield f"client_body_timeout {location.client_body_timeout}"
    if location.send_timeout:
        yield f"send_timeout {location.send_timeout}"
    yield from bandwidth(location)
    yield from compressed(location.gzip, edge)
    if location.gzip_static:
        yield from compressed_files(edge)
    if not location.access_log:
        yield "access_log off"
    yield from access_log(location.log, edge)
