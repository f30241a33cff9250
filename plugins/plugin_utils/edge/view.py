# SPDX-License-Identifier: GPL-3.0-or-later
"""The model, ready to be written: every decision taken, so that templates only loop over finished objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .capabilities import HTTP2_DIRECTIVE, HTTP3, REJECT_HANDSHAKE, STREAM, Target
from .certificates import UNKNOWN_NAMES
from .confusing_paths import confusing_paths
from .effective import Effective, effective
from .model import ConnectionLimit, Edge, ErrorPage, RateLimit, Site, Upstream
from .problems import FILE_END
from .quote import quoted
from .tls import TlsPolicy, tls_policy
from .view_access import Access, AuthLocationView
from .view_context import SiteContext, edge_policy, edge_protocols
from .view_headers import Added, ValueMap, own_headers, value_maps
from .view_location import LocationView, view_locations
from .view_request_headers import SET_HEADER, DroppedHeaders, request_headers
from .view_stream import StreamsView, view_streams
from .view_zones import (
    CLIENT,
    LimitView,
    UpstreamView,
    names_hash_bucket,
    once,
    view_cache,
    view_connection_limit,
    view_rate_limit,
    view_upstream,
)

TLS_FOLDER = "/etc/nginx/tls"
ACME_WEBROOT = "/var/lib/nginx-edge/acme"
HTTPS_PORT = 443
MOST_KNOWN_HOSTS = 1000
LONGEST_KNOWN_HOST = 50
"""Characters for which two names and a port fit into a bucket of nginx's hash of maps."""
REFUSES_BAD_REQUESTS = (1, 21, 1)
"""The first version of nginx that refuses CONNECT, and Content-Length next to Transfer-Encoding (its change log)."""


@dataclass(frozen=True)
class ErrorPageView:
    """A page of the edge's own for some status codes."""

    status: str
    page: str
    root: str


@dataclass(frozen=True)
class SiteView:
    """A site: its names, the listeners of its main server, and whether plain HTTP is redirected.

    :param opened: what lets everybody into a location, whatever ``settings`` say.
    :param confusing_paths: expressions of paths that are refused.
    :param backend_headers: lines about headers from and to backends.
    :param added: headers that its blocks add to responses.
    :param maps: what the variables of its blocks mean.
    :param dropped: files of dropped headers that its blocks include.
    """

    name: str
    place: str
    source: str
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
    confusing_paths: tuple[str, ...]
    backend_headers: tuple[tuple[str, ...], ...]
    settings: tuple[str, ...]
    opened: tuple[str, ...]
    error_pages: tuple[ErrorPageView, ...]
    auth_locations: tuple[AuthLocationView, ...]
    locations: tuple[LocationView, ...]
    closing_location: bool
    extra_directives: str
    added: tuple[Added, ...]
    maps: tuple[ValueMap, ...]
    dropped: tuple[DroppedHeaders, ...]


@dataclass(frozen=True)
class EdgeView:
    """All that the templates read."""

    generation: str
    target: Target
    modules: tuple[str, ...]
    upstreams: tuple[UpstreamView, ...]
    rate_limits: tuple[LimitView, ...]
    connection_limits: tuple[LimitView, ...]
    caches: tuple[str, ...]
    sites: tuple[SiteView, ...]
    streams: StreamsView | None
    http2_directive: bool
    tls: TlsPolicy
    default_listen: tuple[str, ...]
    default_tls_listen: tuple[str, ...]
    unknown_names_certificate: str
    variables: Effective
    backend_headers: tuple[tuple[str, ...], ...]
    own_headers: str
    maps: tuple[ValueMap, ...]
    dropped: tuple[DroppedHeaders, ...]
    known_hosts: tuple[str, ...]
    checks_requests: bool
    caching: bool
    counts_clients: bool
    trusted_proxies: tuple[str, ...]
    real_ip_header: str
    resolver: str
    status_port: int
    worker_connections: int
    worker_shutdown_timeout: str
    names_hash_bucket: int
    websocket: bool
    gzip: bool
    gzip_types: str
    access_log_sample: int
    timeouts: tuple[str, ...]
    acme_webroot: str
    acme_peers: tuple[str, ...]
    extra_directives: str


def view_edge(edge: Edge, target: Target, *, generation: str, user_files: Mapping[str, str]) -> EdgeView:
    """Decide everything for one target.

    :param generation: stands for the generation's name, which is made from the rendered text and so not known yet.
    :param user_files: user list -> path of its file on the host.
    """
    variables = effective(edge)
    sites = tuple(_site(site, edge, target, user_files, generation) for site in edge.sites)
    protocols = edge_protocols(edge)
    requests = [request_headers(protocol, variables, (edge,)) for protocol in protocols if protocol in SET_HEADER]
    dropped = {one.file: one for one in (*(one.dropped for one in requests), *_of_sites(sites))}
    added = tuple(one for site in sites for one in site.added)
    maps = {one.variable: one for one in (*value_maps(added), *(one for site in sites for one in site.maps))}
    https = any(site.https for site in sites)
    return EdgeView(
        generation=generation,
        target=target,
        modules=_modules(edge, target),
        upstreams=tuple(view_upstream(upstream, edge, target) for upstream in _of_http(edge)),
        rate_limits=tuple(view_rate_limit(limit) for limit in edge.rate_limits),
        connection_limits=tuple(view_connection_limit(limit) for limit in edge.connection_limits),
        caches=tuple(view_cache(cache) for cache in edge.caches),
        sites=sites,
        streams=view_streams(edge, target),
        http2_directive=target.can(HTTP2_DIRECTIVE),
        tls=tls_policy(edge.tls_policy, target),
        default_listen=_plain_listen(edge, "default_server"),
        default_tls_listen=_default_tls_listen(edge, target) if https else (),
        unknown_names_certificate="" if target.can(REJECT_HANDSHAKE) else f"{TLS_FOLDER}/{UNKNOWN_NAMES}",
        variables=variables,
        backend_headers=(
            *(one.directives(generation) for one in requests),
            edge_policy(edge).hidden(protocols),
            tuple(f"{protocol}_ignore_headers X-Accel-Redirect" for protocol in protocols),
        ),
        own_headers=own_headers(added),
        maps=tuple(maps.values()),
        dropped=tuple(dropped[file] for file in sorted(dropped)),
        known_hosts=_known_hosts(edge),
        checks_requests=target.version < REFUSES_BAD_REQUESTS,
        counts_clients=any(
            CLIENT in key for limits in (edge.rate_limits, edge.connection_limits) for key in _keys(limits)
        ),
        caching=any(location.cache for site in edge.sites for location in site.locations),
        trusted_proxies=once(edge.trusted_proxies),
        real_ip_header="proxy_protocol" if edge.proxy_protocol else edge.real_ip_header,
        resolver=_resolver(edge),
        status_port=edge.status_port,
        worker_connections=edge.worker_connections,
        worker_shutdown_timeout=edge.worker_shutdown_timeout,
        names_hash_bucket=names_hash_bucket(name for site in edge.sites for name in site.names),
        websocket=any(location.websocket for site in edge.sites for location in site.locations),
        gzip=edge.gzip,
        # nginx has text/html in the list already, and warns of what is listed twice.
        gzip_types=" ".join(name for name in dict.fromkeys(edge.gzip_types) if name != "text/html"),
        access_log_sample=edge.access_log_sample,
        timeouts=(
            f"keepalive_timeout {edge.keepalive_timeout}",
            f"keepalive_requests {edge.keepalive_requests}",
            f"client_header_timeout {edge.client_header_timeout}",
            f"client_body_timeout {edge.client_body_timeout}",
            f"send_timeout {edge.send_timeout}",
        ),
        acme_webroot=ACME_WEBROOT,
        acme_peers=_acme_peers(edge),
        extra_directives=edge.extra_directives,
    )


def _listen(port: int, *parameters: str, ipv6: bool) -> tuple[str, ...]:
    addresses = (str(port), f"[::]:{port}") if ipv6 else (str(port),)
    return tuple(" ".join((address, *parameters)) for address in addresses)


def _resolver(edge: Edge) -> str:
    addresses = [f"[{address}]" if ":" in address else address for address in edge.resolver]
    families = () if edge.ipv6 else ("ipv6=off",)
    return " ".join((*addresses, f"valid={edge.resolver_valid}", *families)) if addresses else ""


def _acme_peers(edge: Edge) -> tuple[str, ...]:
    """Where other edges answer challenges; an edge that is listed itself is asked like any other."""
    peers = dict.fromkeys(edge.acme.peers) if edge.acme else {}
    return tuple(f"[{peer}]:{edge.http_port}" if ":" in peer else f"{peer}:{edge.http_port}" for peer in peers)


def _of_http(edge: Edge) -> tuple[Upstream, ...]:
    """All but those that only streams use: what they are balanced by may mean nothing to the http block."""
    asked = {part.auth_request.upstream for site in edge.sites for part in site.parts if part.auth_request}
    proxied = {location.upstream for site in edge.sites for location in site.locations}
    streamed = {name for stream in edge.streams for _place, name in stream.upstreams}
    return tuple(one for one in edge.upstreams if one.name in asked | proxied or one.name not in streamed)


def _modules(edge: Edge, target: Target) -> tuple[str, ...]:
    """Files of the dynamic modules to load."""
    stream = edge.streams and STREAM.build not in target.configure_arguments
    names = (*((STREAM.module,) if stream else ()), *edge.modules)
    return tuple(target.module_file(name) for name in dict.fromkeys(names))


def _tcp_listen(edge: Edge, port: int, *parameters: str) -> tuple[str, ...]:
    if not edge.proxy_protocol:
        return _listen(port, *parameters, ipv6=edge.ipv6)
    # The edge's own checks come over loopback and speak no PROXY protocol. nginx keeps the parameters of each address,
    # though one socket serves them all.
    own = " ".join((f"127.0.0.1:{port}", *parameters))
    return (*_listen(port, *parameters, "proxy_protocol", ipv6=edge.ipv6), own)


def _plain_listen(edge: Edge, *parameters: str) -> tuple[str, ...]:
    return _tcp_listen(edge, edge.http_port, *parameters)


def _speaks_http2(site: Site) -> bool:
    return site.https and site.http2 != "off"


def _speaks_http3(site: Site, target: Target) -> bool:
    return site.https and site.http3 != "off" and target.can(HTTP3)


def _default_tls_listen(edge: Edge, target: Target) -> tuple[str, ...]:
    listen = _tls_listen(edge, target, any(map(_speaks_http2, edge.sites)), "default_server")
    if any(_speaks_http3(site, target) for site in edge.sites):
        # `reuseport` belongs to an address and port, so it stands once: here, where every port has its default server.
        listen += _listen(edge.https_port, "quic", "reuseport", "default_server", ipv6=edge.ipv6)
    return listen


def _tls_listen(edge: Edge, target: Target, http2: bool, *parameters: str) -> tuple[str, ...]:
    http2_parameter = ("http2",) if http2 and not target.can(HTTP2_DIRECTIVE) else ()
    return _tcp_listen(edge, edge.https_port, "ssl", *http2_parameter, *parameters)


def _known_hosts(edge: Edge) -> tuple[str, ...]:
    """Name and Host header of most requests: with these in a table, no expression has to be matched."""
    names = [name for site in edge.sites for name in site.names if not name.startswith("*.")]
    ports = [f":{port}" for port, usual in ((edge.http_port, 80), (edge.https_port, 443)) if port != usual]
    if len(names) > MOST_KNOWN_HOSTS or any(len(name) > LONGEST_KNOWN_HOST for name in names):
        return ()
    return tuple(f"{name} {name}{port}" for name in names for port in ("", *ports))


def _keys(limits: Iterable[RateLimit | ConnectionLimit]) -> Iterator[str]:
    return (limit.key for limit in limits)


def _of_sites(sites: tuple[SiteView, ...]) -> Iterator[DroppedHeaders]:
    return (one for site in sites for one in site.dropped)


def _site(site: Site, edge: Edge, target: Target, user_files: Mapping[str, str], generation: str) -> SiteView:
    access = Access(site, user_files)
    variables = effective(edge)
    http2, http3 = _speaks_http2(site), _speaks_http3(site, target)
    place = f"edge_sites['{site.name}']"
    source = f" from {site.place.removesuffix(FILE_END)}" if site.place.endswith(FILE_END) else ""
    alt_svc = f'h3=":{edge.https_port}"; ma=86400' if http3 else ""
    context = SiteContext(edge, site, place, access, variables, alt_svc, generation)
    plain = _plain_listen(edge)
    tls = _tls_listen(edge, target, http2)
    if http3:
        tls += _listen(edge.https_port, "quic", ipv6=edge.ipv6)
    added = context.added(context.policy)
    redirected = context.policy.added(variables, tls=False) if site.https else []
    locations = _locations(site, context)
    requests = context.own_requests()
    auth_locations = () if site.maintenance else access.auth_locations(edge, place, variables, generation)
    blocks = [one for location in locations for one in location.walk()]
    raw, raw_dropped = ("", ()) if site.maintenance else context.raw()
    port = "" if edge.https_port == HTTPS_PORT else f":{edge.https_port}"
    return SiteView(
        name=site.name,
        place=place,
        source=source,
        server_names=" ".join(site.names),
        https=site.https,
        listen=tls if site.https else plain,
        redirect_listen=plain if site.https else (),
        http2=http2 and target.can(HTTP2_DIRECTIVE),
        http3=http3,
        redirect_to=f"https://{variables.host}{port}$request_uri",
        certificate=f"{TLS_FOLDER}/{site.certificate_name}",
        client_max_body_size=site.client_max_body_size,
        headers=tuple(one.directive for one in added),
        plain_headers=tuple(one.directive for one in redirected),
        confusing_paths=tuple(quoted(expression) for expression in confusing_paths(site)),
        backend_headers=(*(one.directives(generation) for one in requests), context.hidden_by_site()),
        settings=(*_client_certificates(site), *(() if site.maintenance else access.of_site())),
        opened=() if site.maintenance else access.opened,
        error_pages=tuple(_error_page(page) for page in site.error_pages),
        auth_locations=auth_locations,
        locations=locations,
        closing_location=not site.maintenance
        and not any(location.path == "/" and location.match == "prefix" for location in site.locations),
        extra_directives=raw,
        added=(*added, *redirected, *(one for block in blocks for one in block.added)),
        maps=(
            *(one for block in blocks for one in block.maps),
            *(one.refusal for one in raw_dropped if one.refusal),
        ),
        dropped=(
            *(one.dropped for one in requests),
            *(one for block in blocks for one in block.dropped),
            *raw_dropped,
            *((access.auth_headers(edge, variables).dropped,) if auth_locations else ()),
        ),
    )


def _client_certificates(site: Site) -> tuple[str, ...]:
    if site.client_certificates is None:
        return ()
    return (
        f"ssl_client_certificate {site.client_certificates.ca}",
        f"ssl_verify_client {'on' if site.client_certificates.required else 'optional'}",
        "ssl_verify_depth 3",
    )


def _error_page(page: ErrorPage) -> ErrorPageView:
    return ErrorPageView(" ".join(map(str, page.status)), page.page, page.root)


def _locations(site: Site, context: SiteContext) -> tuple[LocationView, ...]:
    if site.maintenance is None:
        return tuple(view_locations(context))
    retry_after = Added(f"add_header Retry-After {site.maintenance.retry_after} always")
    closed = (
        tuple(one.directive for one in context.added(context.policy, (retry_after,))),
        ("default_type text/plain", f"return 503 {quoted(site.maintenance.text)}"),
    )
    return (LocationView(f"{context.place}.maintenance", "/", closed),)
