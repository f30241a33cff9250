# SPDX-License-Identifier: GPL-3.0-or-later
"""A site, its locations, and what they use."""

from __future__ import annotations

from dataclasses import dataclass

from .formats import (
    Buffers,
    BufferSize,
    CookieName,
    Directives,
    EdgeFile,
    Expression,
    FilePattern,
    Folder,
    HeaderName,
    HeaderValue,
    Hostname,
    Literal,
    Name,
    Network,
    RedirectUrl,
    Seconds,
    Size,
    Time,
    UriPath,
    UriPattern,
    Word,
)
from .model_groups import Record


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
    session_cookies: tuple[CookieName, ...]
    ignore_cookies: tuple[CookieName, ...]
    credential_headers: tuple[HeaderName, ...]


@dataclass(frozen=True)
class ResponseHeaders(Record):
    """Headers of responses that are set, added and removed."""

    set: dict[HeaderName, HeaderValue]
    add: dict[HeaderName, HeaderValue]
    remove: tuple[HeaderName, ...]


@dataclass(frozen=True)
class Return(Record):
    """An answer without a backend."""

    status: int
    text: Literal | None
    url: RedirectUrl | None


@dataclass(frozen=True)
class BasicAuth(Record):
    """A question for a name and a password."""

    users: Name
    realm: Literal


@dataclass(frozen=True)
class AuthRequest(Record):
    """A service that decides whether a request may pass."""

    upstream: Name
    path: UriPath
    headers: tuple[HeaderName, ...]


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
    basic_auth: BasicAuth | None
    auth_request: AuthRequest | None
    satisfy: Word | None
    open: bool
    rate_limit: RateLimitUse | None
    connection_limit: ConnectionLimitUse | None
    cache: CacheUse | None
    return_: Return | None
    root: Folder | None
    alias: Folder | None
    try_files: tuple[FilePattern, ...]
    hidden_files: bool
    disable_symlinks: Word
    x_accel_redirect: bool
    request_headers: dict[HeaderName, HeaderValue]
    pass_request_headers: tuple[HeaderName, ...]
    response_headers: ResponseHeaders
    security_headers: dict[HeaderName, Literal]
    security_headers_override: tuple[HeaderName, ...]
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
class SiteProbe(Record):
    """What is asked of a site after a run; no ``status`` stands for all that mean no error of the server's."""

    path: UriPath
    status: tuple[int, ...]


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
    request_headers: dict[HeaderName, HeaderValue]
    pass_request_headers: tuple[HeaderName, ...]
    response_headers: ResponseHeaders
    security_headers: dict[HeaderName, Literal]
    security_headers_override: tuple[HeaderName, ...]
    client_certificates: ClientCertificates | None
    allow: tuple[Network, ...]
    deny: tuple[Network, ...]
    basic_auth: BasicAuth | None
    auth_request: AuthRequest | None
    satisfy: Word
    error_pages: tuple[ErrorPage, ...]
    maintenance: Maintenance | None
    probe: SiteProbe | None
    locations: tuple[Location, ...]
    extra_directives: Directives

    @property
    def names(self) -> tuple[str, ...]:
        """All host names, the site's own first."""
        return (self.name, *self.aliases)

    @property
    def parts(self) -> tuple[Site | Location, ...]:
        """The site itself and its locations: whatever may say who comes in."""
        return (self, *self.locations)

    @property
    def certificate_name(self) -> str:
        """Name of the certificate the site is served with; a wildcard's star is no good in a path."""
        return self.certificate or self.name.replace("*", "wildcard")
