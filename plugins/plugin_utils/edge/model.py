# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of an edge: frozen dataclasses, one field for each option of the argument spec.

Types, defaults and choices come from the spec; a field adds the kind of its text (:mod:`.formats`). Every record
knows its ``place`` in the inventory, for the errors of checks that come later.
"""

from __future__ import annotations

from dataclasses import dataclass

from .formats import (
    Address,
    Buffers,
    BufferSize,
    Directives,
    EdgeFile,
    Email,
    Expression,
    FilePath,
    FilePattern,
    Folder,
    HeaderName,
    Hostname,
    HttpsUrl,
    IpAddress,
    Levels,
    Literal,
    MediaType,
    Name,
    Network,
    Rate,
    RedirectUrl,
    Seconds,
    Size,
    Time,
    UriPath,
    UriPattern,
    Word,
    ZoneSize,
)
from .problems import inside


@dataclass(frozen=True)
class Record:
    """What all parts of the model share: where they stand, such as ``edge_sites[0].locations[2]``."""

    place: str

    def at(self, option: str) -> str:
        """The place of one of its options."""
        return inside(self.place, option)


@dataclass(frozen=True)
class Server(Record):
    """A backend."""

    address: Address
    weight: int
    max_fails: int
    fail_timeout: Seconds
    max_conns: int
    backup: bool
    down: bool


@dataclass(frozen=True)
class UpstreamTls(Record):
    """TLS to backends: the name their certificate must carry, and who may have issued it."""

    name: Hostname
    ca: EdgeFile
    verify: bool


@dataclass(frozen=True)
class Upstream(Record):
    """A group of backends."""

    name: Name
    balance: Word
    hash_key: Expression | None
    hash_consistent: bool
    servers: tuple[Server, ...]
    keepalive: int
    keepalive_requests: int
    keepalive_timeout: Time
    zone_size: ZoneSize
    tls: UpstreamTls | None


@dataclass(frozen=True)
class RateLimit(Record):
    """A zone that counts requests."""

    name: Name
    rate: Rate
    key: Expression
    zone_size: ZoneSize
    exempt: tuple[Network, ...]


@dataclass(frozen=True)
class ConnectionLimit(Record):
    """A zone that counts connections."""

    name: Name
    key: Expression
    zone_size: ZoneSize
    exempt: tuple[Network, ...]


@dataclass(frozen=True)
class Cache(Record):
    """A cache on disk."""

    name: Name
    max_size: Size
    inactive: Seconds
    levels: Levels
    zone_size: ZoneSize


@dataclass(frozen=True)
class RateLimitUse(Record):
    """A location's use of a rate limit."""

    name: Name
    burst: int
    nodelay: bool
    delay: int
    dry_run: bool


@dataclass(frozen=True)
class ConnectionLimitUse(Record):
    """A location's use of a connection limit."""

    name: Name
    connections: int


@dataclass(frozen=True)
class CacheValid(Record):
    """How long responses of some status codes live."""

    status: tuple[int, ...]
    time: Seconds


@dataclass(frozen=True)
class CacheUse(Record):
    """A location's use of a cache."""

    name: Name
    key: Expression
    min_uses: int
    valid: tuple[CacheValid, ...]
    use_stale: bool


@dataclass(frozen=True)
class Return(Record):
    """An answer without a backend."""

    status: int
    text: Literal | None
    url: RedirectUrl | None


@dataclass(frozen=True)
class Location(Record):
    """What happens to requests for a path. The kind of ``path`` depends on ``match``, see :mod:`.check`."""

    path: UriPattern
    match: Word
    upstream: Name | None
    strip_prefix: bool
    websocket: bool
    grpc: bool
    proxy_connect_timeout: Time
    proxy_send_timeout: Time | None
    proxy_read_timeout: Time | None
    proxy_buffering: bool
    proxy_buffer_size: BufferSize | None
    proxy_buffers: Buffers | None
    client_max_body_size: Size | None
    access_log: bool
    allow: tuple[Network, ...]
    deny: tuple[Network, ...]
    rate_limit: RateLimitUse | None
    connection_limit: ConnectionLimitUse | None
    cache: CacheUse | None
    return_: Return | None
    root: Folder | None
    alias: Folder | None
    try_files: tuple[FilePattern, ...]
    security_headers: dict[HeaderName, Literal]
    extra_directives: Directives


@dataclass(frozen=True)
class ErrorPage(Record):
    """A page of the edge's own for some status codes."""

    status: tuple[int, ...]
    page: UriPath
    root: Folder


@dataclass(frozen=True)
class Maintenance(Record):
    """A site that is closed for a while."""

    text: Literal
    retry_after: int


@dataclass(frozen=True)
class ClientCertificates(Record):
    """Who may have issued the certificates that clients show."""

    ca: EdgeFile
    required: bool


@dataclass(frozen=True)
class Site(Record):
    """A host name and what is served under it."""

    name: Hostname
    aliases: tuple[Hostname, ...]
    https: bool
    certificate: Name | None
    http2: Word
    http3: Word
    client_max_body_size: Size
    security_headers: dict[HeaderName, Literal]
    client_certificates: ClientCertificates | None
    allow: tuple[Network, ...]
    deny: tuple[Network, ...]
    error_pages: tuple[ErrorPage, ...]
    maintenance: Maintenance | None
    locations: tuple[Location, ...]
    extra_directives: Directives

    @property
    def names(self) -> tuple[str, ...]:
        """All host names, the site's own first."""
        return (self.name, *self.aliases)

    @property
    def certificate_name(self) -> str:
        """Name of the certificate the site is served with; a wildcard's star is no good in a path."""
        return self.certificate or self.name.replace("*", "wildcard")


@dataclass(frozen=True)
class Certificate(Record):
    """A certificate and where it comes from; no ``names`` stands for those of the sites that use it."""

    name: Name
    source: Word
    names: tuple[Hostname, ...]
    key_type: Word
    key_size: int
    fullchain: FilePath | None
    privkey: FilePath | None


@dataclass(frozen=True)
class Acme(Record):
    """The account at the ACME server."""

    email: Email
    directory_url: HttpsUrl
    ca_bundle: EdgeFile | None
    agree_tos: bool


@dataclass(frozen=True)
class Edge(Record):
    """All of it. Field names are the variables' without ``edge_``."""

    upstreams: tuple[Upstream, ...]
    rate_limits: tuple[RateLimit, ...]
    connection_limits: tuple[ConnectionLimit, ...]
    caches: tuple[Cache, ...]
    sites: tuple[Site, ...]
    sites_dir: FilePath
    security_headers: dict[HeaderName, Literal]
    certificate_source: Word
    certificates: tuple[Certificate, ...]
    acme: Acme | None
    tls_policy: Word
    trusted_proxies: tuple[Network, ...]
    real_ip_header: HeaderName
    resolver: tuple[IpAddress, ...]
    http_port: int
    https_port: int
    ipv6: bool
    status_port: int
    worker_connections: int
    keepalive_timeout: Time
    client_header_timeout: Time
    client_body_timeout: Time
    send_timeout: Time
    gzip: bool
    gzip_types: tuple[MediaType, ...]
    access_log_sample: int
    extra_directives: Directives
    generations_keep: int
    reload_timeout: int
    allow_restart: bool
