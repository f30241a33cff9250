# SPDX-License-Identifier: GPL-3.0-or-later
"""The model, ready to be written: every decision taken, so that templates only loop over finished objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..model.cache import Cache
from ..model.edge import Edge
from ..model.limits import ConnectionLimit, RateLimit
from ..model.location import PROXY
from ..model.upstream import Upstream
from ..plan.certificates import UNKNOWN_NAMES
from ..policy.effective import Effective, effective
from ..policy.response_headers import edge_policy
from ..syntax.raw import PROTOCOLS
from ..target.capabilities import HTTP2_DIRECTIVE, KEPT_CONNECTIONS, REJECT_HANDSHAKE, STREAM, Target
from ..target.tls_policy import TlsPolicy, tls_policy
from .backend import of_applications
from .compression import methods
from .context import edge_protocols, model_protocols
from .hashes import HashSizes, hash_sizes
from .listen import Listen, default_listen, default_tls_listen, speaks_http3
from .logs import Sample, edge_condition, logs_of, samples
from .maps import MapView, view_map
from .names import hashed_names, known_hosts
from .parameters import SharedParameters
from .redirects import mapped, variables_of_redirects
from .request_headers import SET_HEADER, DroppedHeaders, request_headers
from .response_headers import ValueMap, own_headers, value_maps
from .site import TLS_FOLDER, SiteView, view_site
from .stream import StreamsView, view_streams
from .zones import (
    CLIENT,
    CacheZoneView,
    LimitView,
    UpstreamView,
    once,
    view_cache,
    view_connection_limit,
    view_rate_limit,
    view_upstream,
)

ACME_WEBROOT = "/var/lib/nginx-edge/acme"
KEPT = "1s"
"""Time for which an old worker keeps an idle connection of a client after a reload."""
REFUSES_BAD_REQUESTS = (1, 21, 1)
"""The first version of nginx that refuses CONNECT, and Content-Length next to Transfer-Encoding (its change log)."""


@dataclass(frozen=True, slots=True)
class EdgeView:
    """All that the templates read."""

    generation: str
    target: Target
    modules: tuple[str, ...]
    upstreams: tuple[UpstreamView, ...]
    user_maps: tuple[MapView, ...]
    rate_limits: tuple[LimitView, ...]
    connection_limits: tuple[LimitView, ...]
    caches: tuple[CacheZoneView, ...]
    sites: tuple[SiteView, ...]
    streams: StreamsView | None
    http2_directive: bool
    tls: TlsPolicy
    default_listen: tuple[Listen, ...]
    default_tls_listen: tuple[Listen, ...]
    unknown_names_certificate: str
    variables: Effective
    backend_headers: tuple[tuple[str, ...], ...]
    own_headers: str
    maps: tuple[ValueMap, ...]
    dropped: tuple[DroppedHeaders, ...]
    parameters: tuple[SharedParameters, ...]
    known_hosts: tuple[str, ...]
    checks_requests: bool
    caching: bool
    counts_clients: bool
    trusted_proxies: tuple[str, ...]
    real_ip_header: str
    resolver: str
    status_port: int
    worker_connections: int
    binds_workers: bool
    worker_shutdown_timeout: str
    names_hash: HashSizes
    map_hash: HashSizes
    variables_hash: HashSizes
    paths: bool
    responds_to_errors: bool
    grpc: bool
    asks_services: bool
    websocket: bool
    gzip: bool
    compression: tuple[str, ...]
    gzip_types: str
    samples: tuple[Sample, ...]
    logged: str
    log_formats: frozenset[tuple[str, bool]]
    timeouts: tuple[str, ...]
    acme_webroot: str
    acme_peers: tuple[str, ...]
    extra_directives: str


def view_edge(edge: Edge, target: Target, *, generation: str, user_files: Mapping[str, str]) -> EdgeView:
    """Decide everything for one target.

    :param generation: placeholder for the generation's name, which depends on the rendered text.
    :param user_files: user list -> path of its file on the host.
    """
    variables = effective(edge)
    logs, hosts = tuple(logs_of(edge)), known_hosts(edge)
    sites = tuple(view_site(site, edge, target, user_files, generation) for site in edge.sites)
    protocols = edge_protocols(edge)
    applications = dict.fromkeys(one for site in edge.sites for one in model_protocols(site) if one in PROTOCOLS)
    requests = [request_headers(protocol, variables, (edge,)) for protocol in protocols if protocol in SET_HEADER]
    dropped = {one.file: one for one in (*(one.dropped for one in requests), *_of_sites(sites))}
    added = tuple(one for site in sites for one in site.added)
    maps = {one.variable: one for one in (*value_maps(added), *(one for site in sites for one in site.maps))}
    locations = [one for site in edge.sites for one in site.locations]
    without_keepalive = {one.backend.name for one in locations if one.backend and one.backend_protocol in PROTOCOLS}
    return EdgeView(
        generation=generation,
        target=target,
        modules=_modules(edge, target),
        upstreams=tuple(
            view_upstream(upstream, edge, target, keeps_alive=upstream.name not in without_keepalive)
            for upstream in _of_http(edge)
        ),
        user_maps=tuple(view_map(one) for one in edge.maps),
        rate_limits=tuple(view_rate_limit(limit) for limit in edge.rate_limits),
        connection_limits=tuple(view_connection_limit(limit) for limit in edge.connection_limits),
        caches=tuple(view_cache(cache, protocol) for cache, protocol in _caches(edge)),
        sites=sites,
        streams=view_streams(edge, target),
        http2_directive=target.can(HTTP2_DIRECTIVE),
        tls=tls_policy(edge.tls_policy, target, post_quantum=edge.tls_post_quantum),
        default_listen=default_listen(edge),
        default_tls_listen=default_tls_listen(edge, target),
        unknown_names_certificate="" if target.can(REJECT_HANDSHAKE) else f"{TLS_FOLDER}/{UNKNOWN_NAMES}",
        variables=variables,
        backend_headers=(
            *of_applications(applications),
            *(one.directives(generation) for one in requests),
            edge_policy(edge).hidden(protocols),
            tuple(f"{protocol}_ignore_headers X-Accel-Redirect" for protocol in protocols),
        ),
        own_headers=own_headers(added),
        maps=tuple(maps.values()),
        dropped=tuple(dropped[file] for file in sorted(dropped)),
        parameters=tuple(SharedParameters(protocol, variables) for protocol in applications),
        known_hosts=hosts,
        checks_requests=target.version < REFUSES_BAD_REQUESTS,
        counts_clients=any(
            CLIENT in key for limits in (edge.rate_limits, edge.connection_limits) for key in _keys(limits)
        ),
        caching=any(location.cache for location in locations),
        trusted_proxies=once(edge.trusted_proxies),
        real_ip_header="proxy_protocol" if edge.listen_proxy_protocol else edge.real_ip_header,
        resolver=_resolver(edge),
        status_port=edge.status_port,
        worker_connections=edge.worker_connections,
        binds_workers=_binds_workers(edge, target),
        worker_shutdown_timeout=edge.worker_shutdown_timeout,
        names_hash=hash_sizes(hashed_names(edge)),
        map_hash=hash_sizes(hosts, *mapped(edge)),
        variables_hash=hash_sizes((*maps, *variables_of_redirects(site.redirects for site in sites))),
        paths=any(site.redirects for site in sites) or any(not log.query for log in logs),
        grpc="grpc" in protocols,
        responds_to_errors=any(site.errors for site in sites),
        asks_services=any(site.auth_locations for site in sites),
        websocket=any(location.websocket for location in locations),
        gzip=edge.gzip,
        compression=methods(edge),
        # nginx has text/html in the list already, and warns of what is listed twice.
        gzip_types=" ".join(name for name in dict.fromkeys(edge.gzip_types) if name != "text/html"),
        samples=samples(edge, logs),
        logged=edge_condition(edge),
        log_formats=frozenset((log.format, log.query) for log in logs),
        timeouts=(
            f"keepalive_timeout {edge.keepalive_timeout}",
            # A client may just be sending a request on a connection that an old worker would close.
            *((f"keepalive_min_timeout {KEPT}",) if target.can(KEPT_CONNECTIONS) else ()),
            f"keepalive_requests {edge.keepalive_requests}",
            f"client_header_timeout {edge.client_header_timeout}",
            f"client_body_timeout {edge.client_body_timeout}",
            f"send_timeout {edge.send_timeout}",
            f"large_client_header_buffers {edge.large_client_header_buffers}",
        ),
        acme_webroot=ACME_WEBROOT,
        acme_peers=_acme_peers(edge),
        extra_directives=edge.extra_directives,
    )


def _binds_workers(edge: Edge, target: Target) -> bool:
    """Whether each worker is bound to a core. With bound workers, a reload failed more requests over HTTP/3
    (docs/explanation/speed.md)."""
    if edge.worker_cpu_affinity == "auto":
        return not any(speaks_http3(site, edge, target) for site in edge.sites)
    return edge.worker_cpu_affinity == "on"


def _resolver(edge: Edge) -> str:
    addresses = [f"[{address}]" if ":" in address else address for address in edge.resolver]
    families = () if edge.ipv6 else ("ipv6=off",)
    return " ".join((*addresses, f"valid={edge.resolver_valid}", *families)) if addresses else ""


def _acme_peers(edge: Edge) -> tuple[str, ...]:
    """The addresses of edges that may know a challenge; this edge may be one of them."""
    peers = dict.fromkeys(edge.acme.peers) if edge.acme else {}
    return tuple(f"[{peer}]:{edge.http_port}" if ":" in peer else f"{peer}:{edge.http_port}" for peer in peers)


def _of_http(edge: Edge) -> tuple[Upstream, ...]:
    """All but those that only streams use: what they are balanced by may mean nothing to the http block."""
    parts = [part for site in edge.sites for part in site.parts]
    asked = {part.auth_request.upstream.name for part in parts if part.auth_request}
    asked |= {page.upstream.name for part in parts for page in part.error_pages if page.upstream}
    locations = [one for site in edge.sites for one in site.locations]
    proxied = {one.backend.name for one in locations if one.backend}
    proxied |= {name for one in locations for name in one.mapped_upstreams}
    streamed = {upstream.name for stream in edge.streams for _place, upstream in stream.upstreams}
    return tuple(one for one in edge.upstreams if one.name in asked | proxied or one.name not in streamed)


def _caches(edge: Edge) -> Iterator[tuple[Cache, str]]:
    """Each cache with the protocols that use it; nginx does not share one between protocols."""
    used: dict[str, set[str]] = {}
    for site in edge.sites:
        for location in site.locations:
            if location.cache:
                used.setdefault(location.cache.cache.name, set()).add(location.backend_protocol)
    for cache in edge.caches:
        yield from ((cache, protocol) for protocol in sorted(used.get(cache.name, {PROXY})))


def _modules(edge: Edge, target: Target) -> tuple[str, ...]:
    """Files of the dynamic modules to load."""
    stream = edge.streams and STREAM.build not in target.configure_arguments
    names = (*((STREAM.module,) if stream else ()), *edge.modules)
    return tuple(target.module_file(name) for name in dict.fromkeys(names))


def _keys(limits: Iterable[RateLimit | ConnectionLimit]) -> Iterator[str]:
    return (limit.key for limit in limits)


def _of_sites(sites: tuple[SiteView, ...]) -> Iterator[DroppedHeaders]:
    return (one for site in sites for one in site.dropped)
