# SPDX-License-Identifier: GPL-3.0-or-later
"""A location: limits and access first, then what it does, then caching and headers, each a paragraph."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..model.edge import Edge
from ..model.location import Location
from ..model.site import Site
from ..model.upstream import Upstream
from ..policy.access_rules import is_protected, regexes_below
from ..syntax import quantities
from ..syntax.quote import quote, quoted
from .access import upstream_tls
from .cache import CacheView, view_cache_use
from .context import SiteContext
from .cors import preflight
from .prefixes import rest_of_path, rewritten_headers
from .request_headers import DroppedHeaders
from .response_headers import Added, ValueMap
from .zones import connection_limit_zone, rate_limit_zone

WEBSOCKET_TIMEOUT = "3600s"
PROXY_TIMEOUT = "60s"
CONNECT_TIMEOUT = "10s"
HIDDEN_FILES = r"~ /\.(?!well-known(?:/|$))"
OBEY_X_ACCEL_REDIRECT = "ignore_headers X-Accel-Charset"
"""Replaces the inherited ``ignore_headers X-Accel-Redirect``, which nginx has no word to take back."""


@dataclass(frozen=True)
class LocationView:
    """A ``location`` block.

    :param groups: directives, each group a paragraph.
    :param refusals: conditions under which requests are refused with 400.
    :param preflight: the variable that is set for preflight requests; empty if the edge does not answer them.
    :param added: headers that it adds to responses.
    :param inner: locations inside it.
    :param maps: what its variables mean.
    :param dropped: the files of dropped headers that it includes.
    """

    place: str
    match: str
    groups: tuple[tuple[str, ...], ...]
    extra_directives: str = ""
    refusals: tuple[str, ...] = ()
    preflight: str = ""
    added: tuple[Added, ...] = ()
    inner: tuple[LocationView, ...] = ()
    maps: tuple[ValueMap, ...] = ()
    dropped: tuple[DroppedHeaders, ...] = ()

    def walk(self) -> Iterator[LocationView]:
        """This location and all locations inside it."""
        yield self
        for one in self.inner:
            yield from one.walk()


def view_locations(context: SiteContext) -> Iterator[LocationView]:
    """The locations of a site, in the order of the model.

    A regular expression takes requests away from a prefix, and so from its access rules. A prefix that has some is
    written as ``^~``, with the rules in an outer block; it and copies of the expressions are inside. Those of raw
    directives have no copies: they do not apply below such a prefix.
    """
    for location in context.site.locations:
        rules = context.access.of_location(location)
        protected = is_protected(context.site, location)
        expressions = regexes_below(context.site, location) if protected else ()
        if not expressions and not (protected and context.has_raw_expressions):
            yield view_location(location, context, rules)
            continue
        inner = (
            view_location(location, context, (), location),
            *(_below(one, location, context) for one in expressions),
        )
        yield LocationView(inner[0].place, "^~ " + quote(location.path), (rules,), inner=inner)
        yield from _without_slash(location, context)


def _below(regex: Location, prefix: Location, context: SiteContext) -> LocationView:
    return view_location(regex, context, context.access.below(prefix, regex), prefix)


def _without_slash(location: Location, context: SiteContext) -> Iterator[LocationView]:
    """nginx redirects ``/admin`` to a proxied ``/admin/``, but not where that is inside another block."""
    path = location.path.removesuffix("/")
    taken = any(one.path == path and one.match != "regex" for one in context.site.locations)
    if location.upstream and not location.grpc and path and path != location.path and not taken:
        target = urllib.parse.quote(location.path, safe="/:@!*+,;=()~")
        yield LocationView(location.place, "= " + quote(path), ((f'return 301 "{target}$is_args$args"',),))


def view_location(
    location: Location, context: SiteContext, rules: tuple[str, ...], prefix: Location | None = None
) -> LocationView:
    """Decide everything for one location.

    :param rules: directives of access control.
    :param prefix: the protected prefix that it is inside of.
    """
    auth = context.rules(location, prefix).auth_request
    if prefix and auth:
        location = replace(location, cache=None)  # a response for one user would be served to others
    modifier = {"prefix": "", "priority_prefix": "^~ ", "exact": "= ", "regex": "~ "}[location.match]
    cache = None
    if location.cache:
        cache = view_cache_use(location.cache, (context.edge, context.site, location), context.variables)
    of_cache = cache.headers if cache else ()
    requests = context.requests_of_location(location, of_cache, prefix) if location.upstream else None
    inherited = requests is None or requests == context.requests_of_site(requests.dropped.protocol)
    rest = rest_of_path(location) if location.strip_prefix else None
    refusal = requests.dropped.refusal if requests else None
    added = context.added_by_location(location, auth)
    groups = (
        (*rules, *_limits(location), *_transfer(location)),
        _action(location, context),
        requests.directives(context.generation) if requests and not inherited else (),
        cache.directives if cache else (),
        (*context.hidden_by_location(location), *(one.directive for one in added)),
    )
    raw, dropped = context.raw(location, prefix)
    return LocationView(
        place=location.place,
        match=modifier + quote(location.path),
        groups=tuple(group for group in groups if group),
        extra_directives=raw,
        added=tuple(added),
        inner=_without_hidden_files(location),
        preflight=preflight(context.policy.over(location).cors),
        refusals=(*((refusal.variable,) if refusal else ()), *((f'{rest.variable} = ""',) if rest else ())),
        maps=(*_maps(cache), *((rest,) if rest else ()), *_refusals(requests.dropped if requests else None, *dropped)),
        dropped=(*((requests.dropped,) if requests else ()), *dropped),
    )


def _refusals(*dropped: DroppedHeaders | None) -> Iterator[ValueMap]:
    return (one.refusal for one in dropped if one and one.refusal)


def _maps(cache: CacheView | None) -> tuple[ValueMap, ...]:
    return cache.maps if cache else ()


def _without_hidden_files(location: Location) -> tuple[LocationView, ...]:
    """Written in the location itself: nginx would skip one of the server for a ``^~`` location."""
    serves_files = location.root or location.alias
    if not serves_files or location.hidden_files or location.match == "exact":
        return ()
    return (LocationView(location.at("hidden_files"), HIDDEN_FILES, (("return 404",),)),)


def _limits(location: Location) -> tuple[str, ...]:
    directives = []
    if location.rate_limit:
        use = location.rate_limit
        burst = f" burst={use.burst}" if use.burst else ""
        spacing = f" delay={use.delay}" if use.delay else ""  # nginx delays all of them by default
        if use.burst and use.delay is None and use.nodelay is not False:
            spacing = " nodelay"
        directives.append(f"limit_req zone={rate_limit_zone(use.limit)}{burst}" + (spacing if use.burst else ""))
        if use.dry_run:
            directives.append("limit_req_dry_run on")
    if location.connection_limit:
        counted = location.connection_limit
        directives.append(f"limit_conn {connection_limit_zone(counted.limit)} {counted.connections}")
    return tuple(directives)


def _transfer(location: Location) -> Iterator[str]:
    """How bodies are read, compressed, sent and logged."""
    if location.client_max_body_size:
        yield f"client_max_body_size {location.client_max_body_size}"
    if location.client_body_timeout and not location.grpc:
        yield f"client_body_timeout {location.client_body_timeout}"
    if location.send_timeout:
        yield f"send_timeout {location.send_timeout}"
    if location.gzip is not None:
        yield f"gzip {'on' if location.gzip else 'off'}"
    if location.gzip_static:
        yield "gzip_static on"
    if not location.access_log:
        yield "access_log off"


def _action(location: Location, context: SiteContext) -> tuple[str, ...]:
    if location.upstream:
        if location.grpc:
            return _grpc(location, location.upstream, context.edge)
        return _proxy(location, location.upstream, context.site)
    if location.return_:
        answer = location.return_
        content = answer.text if answer.url is None else re.sub(r"\$host(?!\w)", context.variables.host, answer.url)
        directive = f"return {answer.status}" + ("" if content is None else f" {quoted(content)}")
        return (directive,) if answer.text is None else (f"default_type {answer.type}", directive)
    return _files(location)


def _files(location: Location) -> tuple[str, ...]:
    folder = location.alias or location.root
    symlinks = {"if_not_owner": f"if_not_owner from={folder}", "on": f"on from={folder}", "off": "off"}
    return (
        f"{'alias' if location.alias else 'root'} {folder}",
        f"disable_symlinks {symlinks[location.disable_symlinks]}",
        *((f"try_files {' '.join(location.try_files)}",) if location.try_files else ()),
    )


def _proxy(location: Location, upstream: Upstream, site: Site) -> tuple[str, ...]:
    timeout = WEBSOCKET_TIMEOUT if location.websocket else PROXY_TIMEOUT
    scheme = "https" if upstream.tls else "http"
    path = rest_of_path(location).variable if location.strip_prefix else ""
    directives = [f"proxy_pass {scheme}://{upstream.name}{path}"]
    directives += rewritten_headers(location, site) if location.strip_prefix else ()
    directives += [
        f"{directive} {value}"
        for directive, value, inherited in (
            ("proxy_connect_timeout", location.proxy_connect_timeout, CONNECT_TIMEOUT),
            ("proxy_send_timeout", location.proxy_send_timeout or timeout, PROXY_TIMEOUT),
            ("proxy_read_timeout", location.proxy_read_timeout or timeout, PROXY_TIMEOUT),
            ("proxy_buffering", "on" if location.proxy_buffering else "off", "on"),
            ("proxy_request_buffering", "on" if location.proxy_request_buffering else "off", "on"),
        )
        if value != inherited
    ]
    if location.proxy_max_temp_file_size:
        directives.append(f"proxy_max_temp_file_size {location.proxy_max_temp_file_size}")
    if location.proxy_buffer_size:
        directives.append(f"proxy_buffer_size {location.proxy_buffer_size}")
    if location.proxy_buffers:
        directives.append(f"proxy_buffers {location.proxy_buffers}")
    if location.x_accel_redirect:
        directives.append(f"proxy_{OBEY_X_ACCEL_REDIRECT}")
    return (*directives, *(upstream_tls("proxy", upstream.tls) if upstream.tls else ()))


def _grpc(location: Location, upstream: Upstream, edge: Edge) -> tuple[str, ...]:
    send, read = (one or PROXY_TIMEOUT for one in (location.proxy_send_timeout, location.proxy_read_timeout))
    # The body of a stream ends with the stream, and its client may be silent for as long as the backend.
    longest = max((edge.client_body_timeout, send, read), key=lambda one: quantities.seconds(one) or 0)
    longest = location.client_body_timeout or longest
    return (
        f"grpc_pass {'grpcs' if upstream.tls else 'grpc'}://{upstream.name}",
        f"grpc_connect_timeout {location.proxy_connect_timeout}",
        f"grpc_send_timeout {send}",
        f"grpc_read_timeout {read}",
        *((f"client_body_timeout {longest}",) if longest != edge.client_body_timeout else ()),
        *((f"grpc_{OBEY_X_ACCEL_REDIRECT}",) if location.x_accel_redirect else ()),
        *(upstream_tls("grpc", upstream.tls) if upstream.tls else ()),
    )
