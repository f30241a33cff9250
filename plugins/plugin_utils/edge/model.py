# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of an edge: frozen dataclasses, one field for each option of the argument spec.

Types, defaults and choices come from the spec; a field adds the kind of its text (:mod:`.formats`). Every record
knows its ``place`` in the inventory, for the errors of checks that come later. All records can be had from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from .formats import (
    Batch,
    Directives,
    FilePath,
    HeaderName,
    HeaderValue,
    Hostname,
    IpAddress,
    ListenAddress,
    Literal,
    MediaType,
    ModuleName,
    Name,
    Network,
    Seconds,
    Time,
    Word,
)
from .model_groups import (
    Acme,
    Cache,
    Certificate,
    ConnectionLimit,
    Dns,
    ExternalAccount,
    Probe,
    RateLimit,
    Record,
    Server,
    Upstream,
    UpstreamTls,
    User,
    UserList,
)
from .model_site import (
    AuthRequest,
    BasicAuth,
    CacheUse,
    CacheValid,
    ClientCertificates,
    ConnectionLimitUse,
    ErrorPage,
    Location,
    Maintenance,
    RateLimitUse,
    ResponseHeaders,
    Return,
    Site,
    SiteProbe,
)

__all__ = [
    "Acme",
    "AuthRequest",
    "BasicAuth",
    "Cache",
    "CacheUse",
    "CacheValid",
    "Certificate",
    "ClientCertificates",
    "ConnectionLimit",
    "ConnectionLimitUse",
    "Dns",
    "Edge",
    "ErrorPage",
    "ExternalAccount",
    "Location",
    "Maintenance",
    "Probe",
    "RateLimit",
    "RateLimitUse",
    "Record",
    "ResponseHeaders",
    "Return",
    "Server",
    "ServerNames",
    "Site",
    "SiteProbe",
    "Stream",
    "Upstream",
    "UpstreamTls",
    "User",
    "UserList",
]


@dataclass(frozen=True)
class ServerNames(Record):
    """Where a stream passes the TLS of some server names to."""

    names: tuple[Hostname, ...]
    upstream: Name


@dataclass(frozen=True)
class Stream(Record):
    """A TCP or UDP service that is passed on unread."""

    name: Name
    listen: ListenAddress
    protocol: Word
    upstream: Name | None
    ssl_preread: tuple[ServerNames, ...]
    proxy_connect_timeout: Time
    proxy_timeout: Time
    proxy_responses: int | None
    proxy_protocol: bool
    listen_proxy_protocol: bool
    allow: tuple[Network, ...]
    deny: tuple[Network, ...]
    connection_limit: ConnectionLimitUse | None
    access_log: bool
    extra_directives: Directives

    @property
    def upstreams(self) -> tuple[tuple[str, str], ...]:
        """Place and name of every upstream that it passes to."""
        own = ((self.at("upstream"), self.upstream),) if self.upstream else ()
        return (*own, *((names.at("upstream"), names.upstream) for names in self.ssl_preread))


@dataclass(frozen=True)
class Edge(Record):
    """All of it. Field names are the variables' without ``edge_``."""

    upstreams: tuple[Upstream, ...]
    rate_limits: tuple[RateLimit, ...]
    connection_limits: tuple[ConnectionLimit, ...]
    caches: tuple[Cache, ...]
    user_lists: tuple[UserList, ...]
    sites: tuple[Site, ...]
    sites_dir: FilePath
    streams: tuple[Stream, ...]
    request_headers: dict[HeaderName, HeaderValue]
    pass_request_headers: tuple[HeaderName, ...]
    response_headers: ResponseHeaders
    security_headers: dict[HeaderName, Literal]
    security_headers_override: tuple[HeaderName, ...]
    certificate_source: Word
    certificates: tuple[Certificate, ...]
    acme: Acme | None
    tls_policy: Word
    trusted_proxies: tuple[Network, ...]
    real_ip_header: HeaderName
    proxy_protocol: bool
    resolver: tuple[IpAddress, ...]
    resolver_valid: Seconds
    http_port: int
    https_port: int
    ipv6: bool
    status_port: int
    worker_connections: int
    worker_shutdown_timeout: Time
    keepalive_requests: int
    keepalive_timeout: Time
    client_header_timeout: Time
    client_body_timeout: Time
    send_timeout: Time
    gzip: bool
    gzip_types: tuple[MediaType, ...]
    access_log_sample: int
    modules: tuple[ModuleName, ...]
    extra_directives: Directives
    stream_extra_directives: Directives
    generations_keep: int
    reload_timeout: int
    allow_restart: bool
    batches: tuple[Batch, ...]
    max_fail_percentage: int
    probe: Probe
