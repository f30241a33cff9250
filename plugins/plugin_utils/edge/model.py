# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of an edge: frozen dataclasses, one field for each option of the argument spec.

Types, defaults and choices come from the spec; a field adds the kind of its text (:mod:`.formats`). Every record
knows its ``place`` in the inventory, for the errors of checks that come later.
"""

from __future__ import annotations

from dataclasses import dataclass

from .formats import (
    Address,
    Directives,
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
    Name,
    Network,
    Rate,
    RedirectUrl,
    Size,
    Time,
    UriPattern,
    Word,
)


@dataclass(frozen=True)
class Record:
    """What all parts of the model share: where they stand, such as ``edge_sites[0].locations[2]``."""

    place: str


@dataclass(frozen=True)
class Server(Record):
    """A backend."""

    address: Address
    weight: int
    max_fails: int
    fail_timeout: Time
    max_conns: int
    backup: bool
    down: bool


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
    zone_size: Size


@dataclass(frozen=True)
class RateLimit(Record):
    """A zone that counts requests."""

    name: Name
    rate: Rate
    key: Expression
    zone_size: Size


@dataclass(frozen=True)
class Cache(Record):
    """A cache on disk."""

    name: Name
    max_size: Size
    inactive: Time
    levels: Levels
    zone_size: Size


@dataclass(frozen=True)
class RateLimitUse(Record):
    """A location's use of a rate limit."""

    name: Name
    burst: int
    nodelay: bool


@dataclass(frozen=True)
class CacheValid(Record):
    """How long responses of some status codes live."""

    status: tuple[int, ...]
    time: Time


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
    proxy_connect_timeout: Time
    proxy_send_timeout: Time | None
    proxy_read_timeout: Time | None
    proxy_buffering: bool
    client_max_body_size: Size | None
    rate_limit: RateLimitUse | None
    cache: CacheUse | None
    return_: Return | None
    root: Folder | None
    try_files: tuple[FilePattern, ...]
    security_headers: dict[HeaderName, Literal]
    extra_directives: Directives


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
    ca_bundle: Folder | None
    agree_tos: bool


@dataclass(frozen=True)
class Edge(Record):
    """All of it. Field names are the variables' without ``edge_``."""

    upstreams: tuple[Upstream, ...]
    rate_limits: tuple[RateLimit, ...]
    caches: tuple[Cache, ...]
    sites: tuple[Site, ...]
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
    extra_directives: Directives
    generations_keep: int
    reload_timeout: int
    allow_restart: bool
