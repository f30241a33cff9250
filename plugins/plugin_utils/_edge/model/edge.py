# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole model: one field for each variable of the role."""

from __future__ import annotations

from dataclasses import dataclass

from ..syntax.formats import (
    Batch,
    Buffers,
    Directives,
    FilePath,
    HeaderName,
    HeaderValue,
    IpAddress,
    Literal,
    MediaType,
    ModuleName,
    Network,
    Seconds,
    Time,
    Word,
)
from .access import UserList
from .cache import Cache
from .certificate import Acme, Certificate
from .headers import ResponseHeaders
from .limits import ConnectionLimit, RateLimit
from .maps import EdgeMap
from .record import Record
from .site import Site
from .stream import Stream
from .upstream import Upstream


@dataclass(frozen=True, slots=True)
class Probe(Record):
    """The settings of the probe after a run."""

    enabled: bool
    timeout: int
    retry_timeout: int


@dataclass(frozen=True, slots=True)
class Edge(Record):
    """The whole model. Field names are those of the variables without ``edge_``.

    Records that others refer to come first, because the reader resolves references in this order.
    """

    upstreams: tuple[Upstream, ...]
    maps: tuple[EdgeMap, ...]
    rate_limits: tuple[RateLimit, ...]
    connection_limits: tuple[ConnectionLimit, ...]
    caches: tuple[Cache, ...]
    user_lists: tuple[UserList, ...]
    certificates: tuple[Certificate, ...]
    sites: tuple[Site, ...]
    sites_dir: FilePath
    streams: tuple[Stream, ...]
    request_headers: dict[HeaderName, HeaderValue]
    pass_request_headers: tuple[HeaderName, ...]
    response_headers: ResponseHeaders
    security_headers: dict[HeaderName, Literal]
    security_headers_override: tuple[HeaderName, ...]
    certificate_source: Word
    acme: Acme | None
    tls_policy: Word
    tls_post_quantum: bool
    trusted_proxies: tuple[Network, ...]
    real_ip_header: HeaderName
    listen_proxy_protocol: bool
    resolver: tuple[IpAddress, ...]
    resolver_valid: Seconds
    http_port: int
    https_port: int
    http3: Word
    ipv6: bool
    status_port: int
    worker_connections: int
    worker_cpu_affinity: Word
    worker_shutdown_timeout: Time
    keepalive_requests: int
    keepalive_timeout: Time
    client_header_timeout: Time
    client_body_timeout: Time
    large_client_header_buffers: Buffers
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
    take_over: bool
    batches: tuple[Batch, ...]
    max_fail_percentage: int
    remove_sites: bool
    probe: Probe
