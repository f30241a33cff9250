# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations of a site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..syntax.formats import (
    Buffers,
    BufferSize,
    Directives,
    FilePattern,
    Folder,
    HeaderName,
    HeaderValue,
    Literal,
    MediaType,
    Network,
    RedirectUrl,
    Size,
    Time,
    UriPattern,
    Word,
)
from .access import AuthRequest, BasicAuth
from .cache import CacheUse
from .cors import Cors
from .headers import Lifetime, ResponseHeaders
from .limits import ConnectionLimitUse, RateLimitUse
from .record import Record, Reference
from .upstream import Upstream


@dataclass(frozen=True)
class Return(Record):
    """A response without a backend."""

    status: int
    text: Literal | None
    type: MediaType
    url: RedirectUrl | None


@dataclass(frozen=True)
class Location(Record):
    """A location of a site. The kind of ``path`` depends on ``match``, see :mod:`..check.location`."""

    path: UriPattern
    match: Word
    upstream: Annotated[Upstream, Reference("edge_upstreams")] | None
    strip_prefix: bool
    websocket: bool
    grpc: bool
    proxy_connect_timeout: Time
    proxy_send_timeout: Time | None
    proxy_read_timeout: Time | None
    proxy_buffering: bool
    proxy_request_buffering: bool
    proxy_max_temp_file_size: Size | None
    proxy_buffer_size: BufferSize | None
    proxy_buffers: Buffers | None
    client_max_body_size: Size | None
    client_body_timeout: Time | None
    send_timeout: Time | None
    expires: tuple[Lifetime, ...]
    cors: Cors | None
    gzip: bool | None
    gzip_static: bool
    access_log: bool
    allow: tuple[Network, ...]
    deny: tuple[Network, ...]
    basic_auth: BasicAuth | None
    auth_request: AuthRequest | None
    satisfy: Word | None
    public: bool
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

    @property
    def is_prefix(self) -> bool:
        """Whether the path is a prefix, with or without precedence over regular expressions."""
        return self.match in ("prefix", "priority_prefix")
