# SPDX-License-Identifier: GPL-3.0-or-later
"""A site and its settings outside of locations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..syntax.addresses import is_pattern
from ..syntax.formats import (
    Directives,
    HeaderName,
    HeaderValue,
    Hostname,
    ListenAddress,
    Literal,
    Method,
    Network,
    ServerName,
    Size,
    TransferSize,
    UriPath,
    Word,
)
from .access import AuthRequest, BasicAuth, ClientCertificates
from .certificate import Certificate
from .cors import Cors
from .errors import ErrorPage
from .headers import Lifetime, ResponseHeaders
from .limits import ConnectionLimitUse, RateLimitUse
from .location import Location
from .maps import DenyIf
from .record import Record, Reference
from .redirect import Redirect
from .responses import Cookies, Log


@dataclass(frozen=True, slots=True)
class Maintenance(Record):
    """A site that is closed for a while."""

    text: Literal
    retry_after: int


@dataclass(frozen=True, slots=True)
class SiteProbe(Record):
    """How a site is probed after a run; without ``status``, every status below 500 is good."""

    path: UriPath
    status: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Site(Record):
    """A host name and what is served under it."""

    name: Hostname
    aliases: tuple[ServerName, ...]
    redirect_aliases: bool
    redirects: tuple[Redirect, ...]
    redirect_status: int
    https: bool
    listen: tuple[ListenAddress, ...]
    default_server: bool
    certificate: Annotated[Certificate, Reference("edge_certificates")] | None
    second_certificate: Annotated[Certificate, Reference("edge_certificates")] | None
    http2: Word
    http3: Word | None
    client_max_body_size: Size
    request_headers: dict[HeaderName, HeaderValue]
    pass_request_headers: tuple[HeaderName, ...]
    response_headers: ResponseHeaders
    security_headers: dict[HeaderName, Literal]
    security_headers_override: tuple[HeaderName, ...]
    expires: tuple[Lifetime, ...]
    cors: Cors | None
    cookies: Cookies | None
    log: Log | None
    gzip: bool | None
    methods: tuple[Method, ...]
    deny_if: tuple[DenyIf, ...]
    client_certificates: ClientCertificates | None
    allow: tuple[Network, ...]
    deny: tuple[Network, ...]
    basic_auth: BasicAuth | None
    auth_request: AuthRequest | None
    satisfy: Word
    error_pages: tuple[ErrorPage, ...]
    error_format: Word
    rate_limits: tuple[RateLimitUse, ...]
    connection_limits: tuple[ConnectionLimitUse, ...]
    limit_rate: TransferSize | None
    limit_rate_after: TransferSize | None
    maintenance: Maintenance | None
    probe: SiteProbe | None
    locations: tuple[Location, ...]
    extra_directives: Directives

    @property
    def names(self) -> tuple[str, ...]:
        """All names, the site's own first."""
        return (self.name, *self.aliases)

    @property
    def host_names(self) -> tuple[str, ...]:
        """The names that a certificate can contain: those without patterns."""
        return tuple(name for name in self.names if not is_pattern(name))

    @property
    def has_plain_locations(self) -> bool:
        """Whether paths of a site with HTTPS are also served over HTTP."""
        return self.https and not self.maintenance and not all(location.https for location in self.locations)

    @property
    def parts(self) -> tuple[Site | Location, ...]:
        """The site itself and its locations: all parts that can have access rules."""
        return (self, *self.locations)

    @property
    def certificate_name(self) -> str:
        """Name of the certificate of the site. It is used in paths, so the star of a wildcard is replaced."""
        return self.certificate.name if self.certificate else self.name.replace("*", "wildcard")

    @property
    def certificate_names(self) -> tuple[str, ...]:
        """Names of its certificates: one, or one for each type of key."""
        second = (self.second_certificate.name,) if self.second_certificate else ()
        return (self.certificate_name, *second)
