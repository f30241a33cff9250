# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may come in: addresses, passwords, and a service that decides; and what backends hear of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .model import AuthRequest, BasicAuth, Edge, Location, Site, Upstream, UpstreamTls
from .quote import quoted

FORWARDED = (
    ("Host", "$host"),
    ("X-Real-IP", "$remote_addr"),
    # Set, not appended to: a value that the client forged ends here. Behind trusted proxies it is the real address.
    ("X-Forwarded-For", "$remote_addr"),
    ("X-Forwarded-Proto", "$scheme"),
    ("X-Forwarded-Host", "$host"),
    ("X-Forwarded-Port", "$server_port"),
)
"""What every proxied request tells the backend."""


def allow_and_deny(allow: tuple[str, ...], deny: tuple[str, ...]) -> tuple[str, ...]:
    """Who may come in: what is denied stays out, and where somebody is allowed, all others stay out too."""
    return (
        *(f"deny {network}" for network in deny),
        *(f"allow {network}" for network in allow),
        *(("deny all",) if allow else ()),
    )


@dataclass(frozen=True)
class AuthLocationView:
    """The internal location that asks a service whether a request may pass."""

    place: str
    path: str
    directives: tuple[str, ...]


@dataclass(frozen=True)
class Access:
    """Access control of one site.

    :param user_files: user list -> path of its file on the host.
    """

    site: Site
    user_files: Mapping[str, str]

    def of_site(self) -> tuple[str, ...]:
        """Directives of the server block; locations inherit them."""
        site = self.site
        return (
            *allow_and_deny(site.allow, site.deny),
            *self._asked(site.basic_auth, site.auth_request),
            *(("satisfy any",) if site.satisfy == "any" else ()),
        )

    def of_location(self, location: Location) -> tuple[str, ...]:
        """What a location says of its own."""
        if location.open:
            return self.opened
        satisfy = (f"satisfy {location.satisfy}",) if location.satisfy not in (None, self.site.satisfy) else ()
        return (
            *allow_and_deny(location.allow, location.deny),
            *self._asked(location.basic_auth, location.auth_request),
            *satisfy,
        )

    @property
    def opened(self) -> tuple[str, ...]:
        """Takes back what the site says, for a location that everybody may see."""
        site = self.site
        return (
            *(("allow all",) if site.allow or site.deny else ()),
            *(("auth_basic off",) if site.basic_auth else ()),
            *(("auth_request off",) if site.auth_request else ()),
        )

    def _asked(self, basic: BasicAuth | None, auth: AuthRequest | None) -> tuple[str, ...]:
        directives = []
        if basic:
            directives += [f"auth_basic {quoted(basic.realm)}", f"auth_basic_user_file {self.user_files[basic.users]}"]
        if auth:
            directives.append(f"auth_request {_auth_path(auth)}")
            directives += [
                f"auth_request_set {_identity(name)} $upstream_http_{_underscored(name)}" for name in auth.headers
            ]
        return tuple(directives)

    def identity_headers(self, location: Location) -> tuple[tuple[str, str], ...]:
        """Headers in which a service names the user; where it is not asked, a client's own are taken away."""
        auth = None if location.open else location.auth_request or self.site.auth_request
        trusted = {name.lower() for name in auth.headers} if auth else set()
        names = {name.lower(): name for one in _auth_requests(self.site) for name in one.headers}
        return tuple((name, _identity(name) if key in trusted else '""') for key, name in names.items())

    def auth_locations(self, edge: Edge, site_place: str) -> tuple[AuthLocationView, ...]:
        """One internal location for each service and path that the site asks."""
        upstreams = {upstream.name: upstream for upstream in edge.upstreams}
        distinct = {_auth_path(auth): auth for auth in _auth_requests(self.site)}
        return tuple(
            AuthLocationView(f"{site_place}.auth_request", path, _ask(auth, upstreams[auth.upstream]))
            for path, auth in distinct.items()
        )


def _auth_requests(site: Site) -> Iterable[AuthRequest]:
    return (part.auth_request for part in site.parts if part.auth_request)


def _auth_path(auth: AuthRequest) -> str:
    """The same service and path give the same internal location."""
    return f"/_edge_auth_{hashlib.sha256(f'{auth.upstream} {auth.path}'.encode()).hexdigest()[:8]}"


def _underscored(header: str) -> str:
    return header.lower().replace("-", "_")


def _identity(header: str) -> str:
    return f"$edge_auth_{re.sub(r'[^a-z0-9]', '_', header.lower())}"


def _ask(auth: AuthRequest, upstream: Upstream) -> tuple[str, ...]:
    headers = (
        *FORWARDED,
        ("Connection", '""'),
        ("Content-Length", '""'),
        ("X-Original-URI", "$request_uri"),
        ("X-Original-Method", "$request_method"),
    )
    return (
        "internal",
        f"proxy_pass {'https' if upstream.tls else 'http'}://{upstream.name}{auth.path}",
        "proxy_pass_request_body off",
        *(f"proxy_set_header {name} {value}" for name, value in headers),
        *(upstream_tls("proxy", upstream.tls) if upstream.tls else ()),
    )


def upstream_tls(protocol: str, tls: UpstreamTls) -> tuple[str, ...]:
    """TLS to backends: nginx verifies none unless it is told to, and sends no name.

    :param protocol: ``proxy`` or ``grpc``, the beginning of the directives.
    """
    return (
        f"{protocol}_ssl_server_name on",
        f"{protocol}_ssl_name {tls.name}",
        f"{protocol}_ssl_protocols TLSv1.2 TLSv1.3",
        *(
            (
                f"{protocol}_ssl_verify on",
                f"{protocol}_ssl_verify_depth 3",
                f"{protocol}_ssl_trusted_certificate {tls.ca}",
            )
            if tls.verify
            else (f"{protocol}_ssl_verify off",)
        ),
    )
