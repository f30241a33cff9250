# SPDX-License-Identifier: GPL-3.0-or-later
"""A location: limits and access first, then what it does, then caching and headers, each a paragraph."""

from __future__ import annotations

from dataclasses import dataclass

from .model import CacheUse, Edge, Location, Upstream
from .quote import quote, quoted
from .view_access import FORWARDED, Access, upstream_tls
from .view_headers import Headers
from .view_zones import cache_zone, connection_limit_zone, rate_limit_zone

WEBSOCKET_TIMEOUT = "3600s"
PROXY_TIMEOUT = "60s"
CONNECT_TIMEOUT = "10s"

UPGRADE = (("Upgrade", "$http_upgrade"), ("Connection", "$edge_connection"))
KEEPALIVE = (("Connection", '""'),)


@dataclass(frozen=True)
class LocationView:
    """A ``location`` block in groups of directives, each a paragraph."""

    place: str
    match: str
    groups: tuple[tuple[str, ...], ...]
    extra_directives: str


def view_location(location: Location, edge: Edge, site_place: str, headers: Headers, access: Access) -> LocationView:
    """Decide everything for one location.

    :param site_place: place of its site in the model.
    :param headers: what the site adds to responses.
    :param access: who may come in on the site.
    """
    modifier = {"prefix": "", "exact": "= ", "regex": "~ "}[location.match]
    own_headers = ("add_header X-Cache-Status $upstream_cache_status always",) if location.cache else ()
    if own_headers or location.security_headers:
        # An `add_header` of its own makes a location drop all that it would inherit: repeat the full set.
        own_headers = (*headers.directives(location.security_headers), *own_headers)
    groups = (
        (*access.of_location(location), *_limits(location, edge)),
        _action(location, edge, access),
        _cached(location.cache, edge) if location.cache else (),
        own_headers,
    )
    return LocationView(
        place=f"{site_place}.locations['{location.path}']",
        match=modifier + quote(location.path),
        groups=tuple(group for group in groups if group),
        extra_directives=location.extra_directives,
    )


def _limits(location: Location, edge: Edge) -> tuple[str, ...]:
    directives = []
    if location.rate_limit:
        use = location.rate_limit
        limit = next(limit for limit in edge.rate_limits if limit.name == use.name)
        burst = f" burst={use.burst}" if use.burst else ""
        spacing = f" delay={use.delay}" if use.delay else " nodelay" if use.nodelay else ""
        directives.append(f"limit_req zone={rate_limit_zone(limit)}{burst}" + (spacing if use.burst else ""))
        if use.dry_run:
            directives.append("limit_req_dry_run on")
    if location.connection_limit:
        counted = next(limit for limit in edge.connection_limits if limit.name == location.connection_limit.name)
        directives.append(f"limit_conn {connection_limit_zone(counted)} {location.connection_limit.connections}")
    if location.client_max_body_size:
        directives.append(f"client_max_body_size {location.client_max_body_size}")
    if not location.access_log:
        directives.append("access_log off")
    return tuple(directives)


def _action(location: Location, edge: Edge, access: Access) -> tuple[str, ...]:
    if location.upstream:
        upstream = next(upstream for upstream in edge.upstreams if upstream.name == location.upstream)
        identity = access.identity_headers(location)
        return _grpc(location, upstream, identity) if location.grpc else _proxy(location, upstream, identity)
    if location.return_:
        answer = location.return_
        content = answer.url if answer.url is not None else answer.text
        directive = f"return {answer.status}" + ("" if content is None else f" {quoted(content)}")
        return (directive,) if answer.text is None else ("default_type text/plain", directive)
    files = (f"try_files {' '.join(location.try_files)}",) if location.try_files else ()
    return (f"alias {location.alias}" if location.alias else f"root {location.root}", *files)


def _proxy(location: Location, upstream: Upstream, identity: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    timeout = WEBSOCKET_TIMEOUT if location.websocket else PROXY_TIMEOUT
    scheme = "https" if upstream.tls else "http"
    # The slash behind the upstream is what replaces the location's path.
    directives = [f"proxy_pass {scheme}://{upstream.name}" + ("/" if location.strip_prefix else "")]
    if location.websocket or identity:
        # A nested `proxy_set_header` drops all inherited ones: the full set.
        full = (*FORWARDED, *(UPGRADE if location.websocket else KEEPALIVE), *identity)
        directives += [f"proxy_set_header {name} {value}" for name, value in full]
    directives += [
        f"{directive} {value}"
        for directive, value, inherited in (
            ("proxy_connect_timeout", location.proxy_connect_timeout, CONNECT_TIMEOUT),
            ("proxy_send_timeout", location.proxy_send_timeout or timeout, PROXY_TIMEOUT),
            ("proxy_read_timeout", location.proxy_read_timeout or timeout, PROXY_TIMEOUT),
            ("proxy_buffering", "on" if location.proxy_buffering else "off", "on"),
        )
        if value != inherited
    ]
    if location.proxy_buffer_size:
        directives.append(f"proxy_buffer_size {location.proxy_buffer_size}")
    if location.proxy_buffers:
        directives.append(f"proxy_buffers {location.proxy_buffers}")
    return (*directives, *(upstream_tls("proxy", upstream.tls) if upstream.tls else ()))


def _grpc(location: Location, upstream: Upstream, identity: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return (
        f"grpc_pass {'grpcs' if upstream.tls else 'grpc'}://{upstream.name}",
        *(f"grpc_set_header {name} {value}" for name, value in (*FORWARDED, *identity)),
        f"grpc_connect_timeout {location.proxy_connect_timeout}",
        f"grpc_send_timeout {location.proxy_send_timeout or PROXY_TIMEOUT}",
        f"grpc_read_timeout {location.proxy_read_timeout or PROXY_TIMEOUT}",
        *(upstream_tls("grpc", upstream.tls) if upstream.tls else ()),
    )


def _cached(use: CacheUse, edge: Edge) -> tuple[str, ...]:
    cache = next(cache for cache in edge.caches if cache.name == use.name)
    stale = (
        (
            "proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504",
            "proxy_cache_background_update on",
        )
        if use.use_stale
        else ()
    )
    return (
        f"proxy_cache {cache_zone(cache)}",
        f"proxy_cache_key {quoted(use.key)}",
        *(f"proxy_cache_valid {' '.join(map(str, valid.status))} {valid.time}" for valid in use.valid),
        f"proxy_cache_min_uses {use.min_uses}",
        "proxy_cache_lock on",
        *stale,
        # nginx would store and share what it answers to somebody's credentials.
        "proxy_cache_bypass $http_authorization",
        "proxy_no_cache $http_authorization",
    )
