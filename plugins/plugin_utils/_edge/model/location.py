# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations of a site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..syntax.formats import (
    Buffers,
    BufferSize,
    Directives,
    FileName,
    FilePattern,
    Folder,
    HeaderName,
    HeaderValue,
    Literal,
    MediaType,
    Method,
    Network,
    ParameterName,
    RedirectUrl,
    Script,
    Size,
    Subfolder,
    TempFileSize,
    Time,
    TransferSize,
    UriPattern,
    Word,
)
from .access import AuthRequest, BasicAuth
from .cache import CacheUse
from .cors import Cors
from .errors import ErrorPage
from .headers import Lifetime, ResponseHeaders
from .limits import ConnectionLimitUse, RateLimitUse
from .maps import DenyIf, EdgeMap
from .record import Record, Reference
from .responses import Cookies, Log
from .upstream import Upstream

PROXY = "proxy"
"""Begins nginx's directives for HTTP backends."""


@dataclass(frozen=True, slots=True)
class Return(Record):
    """A response without a backend."""

    status: int
    text: Literal | None
    type: MediaType
    url: RedirectUrl | None


@dataclass(frozen=True, slots=True)
class Php(Record):
    """Scripts below the root of a location, which PHP-FPM executes.

    :param scripts: the only ones that are executed; if empty, all are.
    :param no_scripts: folders, at any depth, in which no script is executed.
    :param root: the root as PHP-FPM sees it; None if it sees the same.
    """

    upstream: Annotated[Upstream, Reference("edge_upstreams")]
    front_controller: Script | None
    scripts: tuple[Script, ...]
    no_scripts: tuple[Subfolder, ...]
    root: Folder | None


@dataclass(frozen=True, slots=True)
class Location(Record):
    """A location of a site. The kind of ``path`` depends on ``match``, see :mod:`..check.location`."""

    path: UriPattern
    match: Word
    upstream: Annotated[Upstream, Reference("edge_upstreams")] | None
    upstream_map: Annotated[EdgeMap, Reference("edge_maps")] | None
    protocol: Word
    php: Php | None
    parameters: dict[ParameterName, HeaderValue]
    https: bool
    strip_prefix: bool
    websocket: bool
    proxy_connect_timeout: Time
    proxy_send_timeout: Time | None
    proxy_read_timeout: Time | None
    proxy_buffering: bool
    proxy_request_buffering: bool
    proxy_max_temp_file_size: TempFileSize | None
    proxy_buffer_size: BufferSize | None
    proxy_buffers: Buffers | None
    client_max_body_size: Size | None
    client_body_timeout: Time | None
    send_timeout: Time | None
    limit_rate: TransferSize | None
    limit_rate_after: TransferSize | None
    expires: tuple[Lifetime, ...]
    cors: Cors | None
    cookies: Cookies | None
    gzip: bool | None
    gzip_static: bool
    access_log: bool
    log: Log | None
    client_certificate: bool
    allow: tuple[Network, ...]
    deny: tuple[Network, ...]
    basic_auth: BasicAuth | None
    auth_request: AuthRequest | None
    satisfy: Word | None
    public: bool
    methods: tuple[Method, ...]
    deny_if: tuple[DenyIf, ...]
    error_pages: tuple[ErrorPage, ...]
    error_format: Word | None
    rate_limits: tuple[RateLimitUse, ...]
    connection_limits: tuple[ConnectionLimitUse, ...]
    cache: CacheUse | None
    return_: Return | None
    root: Folder | None
    alias: Folder | None
    fallback_roots: tuple[Folder, ...]
    try_files: tuple[FilePattern, ...]
    index: tuple[FileName, ...]
    internal: bool
    hidden_files: bool
    disable_symlinks: Word
    x_accel_redirect: bool
    request_headers: dict[HeaderName, HeaderValue]
    pass_request_headers: tuple[HeaderName, ...]
    response_headers: ResponseHeaders
    security_headers: dict[HeaderName, Literal]
    security_headers_override: tuple[HeaderName, ...]
    extra_directives: Directives

    @property
    def is_prefix(self) -> bool:
        """Whether the path is a prefix, with or without precedence over regular expressions."""
        return self.match in ("prefix", "priority_prefix")

    @property
    def backend(self) -> Upstream | None:
        """The servers that requests are passed to: those of ``upstream``, or PHP-FPM."""
        return self.php.upstream if self.php else self.upstream

    @property
    def mapped_upstreams(self) -> tuple[str, ...]:
        """The names of the upstreams that ``upstream_map`` may choose instead of ``upstream``."""
        values = (value.to for value in self.upstream_map.values) if self.upstream_map else ()
        default = self.upstream_map.default if self.upstream_map else ""
        return tuple(dict.fromkeys(name for name in (*values, default) if name))

    @property
    def backend_protocol(self) -> str:
        """The protocol of the backend as nginx's directives begin: proxy, grpc, fastcgi, uwsgi or scgi."""
        return "fastcgi" if self.php else PROXY if self.protocol == "http" else self.protocol

    @property
    def files_first(self) -> bool:
        """Whether requests are passed to the application only if no file is there."""
        return bool(self.root and (self.upstream or (self.php and self.php.front_controller)))
