# SPDX-License-Identifier: GPL-3.0-or-later
"""The model, ready to be written: every decision taken, so that templates only loop over finished objects."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from .capabilities import Target
from .certificates import UNKNOWN_NAMES
from .model import Cache, CacheUse, Edge, Location, RateLimit, Server, Site, Upstream
from .quote import quote, quoted
from .tls import TlsPolicy, tls_policy

TLS_FOLDER = "/etc/nginx/tls"
CACHE_FOLDER = "/var/cache/nginx-edge"
ACME_WEBROOT = "/var/lib/nginx-edge/acme"
WEBSOCKET_TIMEOUT = "3600s"
PROXY_TIMEOUT = "60s"
HTTPS_PORT = 443
HSTS = "Strict-Transport-Security"


@dataclass(frozen=True)
class UpstreamView:
    """An ``upstream`` block; ``directives`` and ``servers`` are without their semicolons."""

    name: str
    place: str
    directives: tuple[str, ...]
    servers: tuple[str, ...]


@dataclass(frozen=True)
class LocationView:
    """A ``location`` block in groups of directives, each a paragraph."""

    place: str
    match: str
    groups: tuple[tuple[str, ...], ...]
    extra_directives: str


@dataclass(frozen=True)
class SiteView:
    """A site: its names, the listeners of its main server, and whether plain HTTP is redirected."""

    name: str
    place: str
    server_names: str
    https: bool
    listen: tuple[str, ...]
    redirect_listen: tuple[str, ...]
    http2: bool
    http3: bool
    redirect_to: str
    certificate: str
    client_max_body_size: str
    headers: tuple[str, ...]
    plain_headers: tuple[str, ...]
    hidden_headers: tuple[str, ...]
    locations: tuple[LocationView, ...]
    closing_location: bool
    extra_directives: str


@dataclass(frozen=True)
class EdgeView:
    """All that the templates read."""

    generation: str
    target: Target
    upstreams: tuple[UpstreamView, ...]
    rate_limits: tuple[str, ...]
    caches: tuple[str, ...]
    sites: tuple[SiteView, ...]
    tls: TlsPolicy
    default_listen: tuple[str, ...]
    default_tls_listen: tuple[str, ...]
    unknown_names_certificate: str
    forwarded: tuple[tuple[str, str], ...]
    hidden_headers: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    real_ip_header: str
    resolver: str
    status_port: int
    worker_connections: int
    websocket: bool
    acme_webroot: str
    extra_directives: str


def view_edge(edge: Edge, target: Target, *, generation: str) -> EdgeView:
    """Decide everything for one target.

    :param generation: stands for the generation's name, which is made from the rendered text and so not known yet.
    """
    sites = tuple(_site(site, edge, target) for site in edge.sites)
    https = any(site.https for site in sites)
    return EdgeView(
        generation=generation,
        target=target,
        upstreams=tuple(_upstream(upstream) for upstream in edge.upstreams),
        rate_limits=tuple(_rate_limit(limit) for limit in edge.rate_limits),
        caches=tuple(_cache(cache) for cache in edge.caches),
        sites=sites,
        tls=tls_policy(edge.tls_policy, target),
        default_listen=_listen(edge.http_port, "default_server", ipv6=edge.ipv6),
        default_tls_listen=_default_tls_listen(edge, target, sites) if https else (),
        unknown_names_certificate="" if target.reject_handshake else f"{TLS_FOLDER}/{UNKNOWN_NAMES}",
        forwarded=FORWARDED,
        hidden_headers=_hidden_headers(edge.security_headers),
        trusted_proxies=edge.trusted_proxies,
        real_ip_header=edge.real_ip_header,
        resolver=" ".join(f"[{address}]" if ":" in address else address for address in edge.resolver),
        status_port=edge.status_port,
        worker_connections=edge.worker_connections,
        websocket=any(location.websocket for site in edge.sites for location in site.locations),
        acme_webroot=ACME_WEBROOT,
        extra_directives=edge.extra_directives,
    )


def _listen(port: int, *parameters: str, ipv6: bool) -> tuple[str, ...]:
    addresses = (str(port), f"[::]:{port}") if ipv6 else (str(port),)
    return tuple(" ".join((address, *parameters)) for address in addresses)


def _default_tls_listen(edge: Edge, target: Target, sites: Iterable[SiteView]) -> tuple[str, ...]:
    listen = _tls_listen(edge, target, any(site.http2 for site in sites), "default_server")
    if any(site.http3 for site in sites):
        # `reuseport` belongs to an address and port, so it stands once: here, where every port has its default server.
        listen += _listen(edge.https_port, "quic", "reuseport", "default_server", ipv6=edge.ipv6)
    return listen


def _tls_listen(edge: Edge, target: Target, http2: bool, *parameters: str) -> tuple[str, ...]:
    http2_parameter = ("http2",) if http2 and not target.http2_directive else ()
    return _listen(edge.https_port, "ssl", *http2_parameter, *parameters, ipv6=edge.ipv6)


def _upstream(upstream: Upstream) -> UpstreamView:
    balance = {
        "round_robin": (),
        "least_conn": ("least_conn",),
        "ip_hash": ("ip_hash",),
        "random": ("random",),
        "random_two_least_conn": ("random two least_conn",),
        "hash": (f"hash {quote(upstream.hash_key or '')}" + (" consistent" if upstream.hash_consistent else ""),),
    }[upstream.balance]
    keepalive = (
        (
            f"keepalive {upstream.keepalive}",
            f"keepalive_requests {upstream.keepalive_requests}",
            f"keepalive_timeout {upstream.keepalive_timeout}",
        )
        if upstream.keepalive
        else ()
    )
    return UpstreamView(
        name=upstream.name,
        place=f"edge_upstreams['{upstream.name}']",
        # nginx wants the balancing method before `keepalive`.
        directives=(f"zone upstream_{upstream.name} {upstream.zone_size}", *balance, *keepalive),
        servers=tuple(_server(server) for server in upstream.servers),
    )


def _server(server: Server) -> str:
    parts = [f"server {server.address}"]
    if server.weight != 1:
        parts.append(f"weight={server.weight}")
    parts.append(f"max_fails={server.max_fails}")
    parts.append(f"fail_timeout={server.fail_timeout}")
    if server.max_conns:
        parts.append(f"max_conns={server.max_conns}")
    if server.backup:
        parts.append("backup")
    if server.down:
        parts.append("down")
    return " ".join(parts)


def _zone(name: str, *what: str) -> str:
    """Name of a shared zone. nginx keeps a zone of the same name over a reload and ignores that its key or path
    changed; with a digest of those in its name, a changed zone is a new zone."""
    return f"{name}_{hashlib.sha256(' '.join(what).encode()).hexdigest()[:8]}"


def _rate_limit_zone(limit: RateLimit) -> str:
    return _zone(f"rate_{limit.name}", limit.key)


def _cache_zone(cache: Cache) -> str:
    return _zone(f"cache_{cache.name}", cache.levels)


def _rate_limit(limit: RateLimit) -> str:
    return f"limit_req_zone {quote(limit.key)} zone={_rate_limit_zone(limit)}:{limit.zone_size} rate={limit.rate}"


def _cache(cache: Cache) -> str:
    # The folder carries the digest as well, for nginx cannot read a cache that was written with other levels.
    zone = _cache_zone(cache)
    return (
        f"proxy_cache_path {CACHE_FOLDER}/{zone} levels={cache.levels} keys_zone={zone}:{cache.zone_size}"
        f" max_size={cache.max_size} inactive={cache.inactive} use_temp_path=off"
    )


def _hidden_headers(headers: dict[str, str]) -> tuple[str, ...]:
    """What a backend may not add: headers that the edge sets itself, and what gives its software away."""
    return tuple(sorted({name for name, value in headers.items() if value} | {"X-Powered-By"}))


def _merged(headers: dict[str, str], changes: dict[str, str]) -> dict[str, str]:
    """Headers with changes laid over them; names are compared as HTTP does, without regard to case."""
    changed = {name.lower() for name in changes}
    return {**{name: value for name, value in headers.items() if name.lower() not in changed}, **changes}


@dataclass(frozen=True)
class _Headers:
    """What a server adds to its responses."""

    security: dict[str, str]
    alt_svc: str
    tls: bool

    def directives(self, changes: dict[str, str] | None = None) -> tuple[str, ...]:
        """The full set, with a location's changes laid over it."""
        headers = _merged(self.security, changes or {})
        sent = {name: value for name, value in headers.items() if value and (self.tls or name.lower() != HSTS.lower())}
        if self.alt_svc:
            sent["Alt-Svc"] = self.alt_svc
        return tuple(f"add_header {name} {quoted(value)} always" for name, value in sent.items())


def _site(site: Site, edge: Edge, target: Target) -> SiteView:
    http2 = site.https and site.http2 != "off"
    http3 = site.https and site.http3 != "off" and target.http3
    security = _merged(edge.security_headers, site.security_headers)
    headers = _Headers(security, f'h3=":{edge.https_port}"; ma=86400' if http3 else "", site.https)
    place = f"edge_sites['{site.name}']"
    plain = _listen(edge.http_port, ipv6=edge.ipv6)
    tls = _tls_listen(edge, target, http2)
    if http3:
        tls += _listen(edge.https_port, "quic", ipv6=edge.ipv6)
    return SiteView(
        name=site.name,
        place=place,
        server_names=" ".join(site.names),
        https=site.https,
        listen=tls if site.https else plain,
        redirect_listen=plain if site.https else (),
        http2=http2 and target.http2_directive,
        http3=http3,
        redirect_to="https://$host" + ("" if edge.https_port == HTTPS_PORT else f":{edge.https_port}") + "$request_uri",
        certificate=f"{TLS_FOLDER}/{site.certificate_name}",
        client_max_body_size=site.client_max_body_size,
        headers=headers.directives(),
        plain_headers=_Headers(security, "", tls=False).directives(),
        # A nested `proxy_hide_header` drops the inherited ones, so a site repeats them all or none.
        hidden_headers=() if security == edge.security_headers else _hidden_headers(security),
        locations=tuple(_location(location, edge, place, headers) for location in site.locations),
        closing_location=not any(location.path == "/" and location.match == "prefix" for location in site.locations),
        extra_directives=site.extra_directives,
    )


def _location(location: Location, edge: Edge, site_place: str, headers: _Headers) -> LocationView:
    modifier = {"prefix": "", "exact": "= ", "regex": "~ "}[location.match]
    path = quote(location.path)
    own_headers = ("add_header X-Cache-Status $upstream_cache_status always",) if location.cache else ()
    if own_headers or location.security_headers:
        # An `add_header` of its own makes a location drop all that it would inherit: repeat the full set.
        own_headers = (*headers.directives(location.security_headers), *own_headers)
    groups = (
        _limits(location, edge),
        _action(location),
        _cached(location.cache, edge) if location.cache else (),
        own_headers,
    )
    return LocationView(
        place=f"{site_place}.locations['{location.path}']",
        match=modifier + path,
        groups=tuple(group for group in groups if group),
        extra_directives=location.extra_directives,
    )


def _limits(location: Location, edge: Edge) -> tuple[str, ...]:
    directives = []
    if location.rate_limit:
        limit = next(limit for limit in edge.rate_limits if limit.name == location.rate_limit.name)
        directive = f"limit_req zone={_rate_limit_zone(limit)}"
        if location.rate_limit.burst:
            directive += f" burst={location.rate_limit.burst}" + (" nodelay" if location.rate_limit.nodelay else "")
        directives.append(directive)
    if location.client_max_body_size:
        directives.append(f"client_max_body_size {location.client_max_body_size}")
    return tuple(directives)


def _action(location: Location) -> tuple[str, ...]:
    if location.upstream:
        return _proxy(location)
    if location.return_:
        answer = location.return_
        content = answer.url if answer.url is not None else answer.text
        directive = f"return {answer.status}" + ("" if content is None else f" {quoted(content)}")
        return (directive,) if answer.text is None else ("default_type text/plain", directive)
    files = (f"try_files {' '.join(location.try_files)}",) if location.try_files else ()
    return (f"root {location.root}", *files)


def _proxy(location: Location) -> tuple[str, ...]:
    timeout = WEBSOCKET_TIMEOUT if location.websocket else PROXY_TIMEOUT
    directives = [f"proxy_pass http://{location.upstream}" + ("/" if location.strip_prefix else "")]
    if location.websocket:
        # A nested `proxy_set_header` drops all inherited ones: the full set, with Upgrade.
        directives += [f"proxy_set_header {name} {value}" for name, value in (*FORWARDED, *UPGRADE)]
    directives += [
        f"{directive} {value}"
        for directive, value, inherited in (
            ("proxy_connect_timeout", location.proxy_connect_timeout, "10s"),
            ("proxy_send_timeout", location.proxy_send_timeout or timeout, PROXY_TIMEOUT),
            ("proxy_read_timeout", location.proxy_read_timeout or timeout, PROXY_TIMEOUT),
            ("proxy_buffering", "on" if location.proxy_buffering else "off", "on"),
        )
        if value != inherited
    ]
    return tuple(directives)


FORWARDED = (
    ("Host", "$host"),
    ("X-Real-IP", "$remote_addr"),
    # Set, not appended to: a value that the client forged ends here. Behind trusted proxies it is the real address.
    ("X-Forwarded-For", "$remote_addr"),
    ("X-Forwarded-Proto", "$scheme"),
    ("X-Forwarded-Host", "$host"),
    ("X-Forwarded-Port", "$server_port"),
)
UPGRADE = (("Upgrade", "$http_upgrade"), ("Connection", "$edge_connection"))


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
        f"proxy_cache {_cache_zone(cache)}",
        f"proxy_cache_key {quoted(use.key)}",
        *(f"proxy_cache_valid {' '.join(map(str, valid.status))} {valid.time}" for valid in use.valid),
        f"proxy_cache_min_uses {use.min_uses}",
        "proxy_cache_lock on",
        *stale,
        # nginx would store and share what it answers to somebody's credentials.
        "proxy_cache_bypass $http_authorization",
        "proxy_no_cache $http_authorization",
    )
