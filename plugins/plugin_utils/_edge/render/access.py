# SPDX-License-Identifier: GPL-3.0-or-later
"""Access rules: networks, passwords, an authorizing service, and the identity headers for backends."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..model.access import AuthRequest, BasicAuth
from ..model.edge import Edge
from ..model.location import Location
from ..model.site import Site
from ..model.upstream import UpstreamTls
from ..policy.access_rules import has_own_rules, rules_below, rules_of_location
from ..policy.effective import Effective
from ..syntax.quote import quoted
from .request_headers import RequestHeaders, request_headers, variable_name
from .sign_in import DENIED, return_url, sets


def allow_and_deny(allow: tuple[str, ...] | None, deny: tuple[str, ...]) -> tuple[str, ...]:
    """Lines of networks: those denied come first, and where there is a list of allowed ones, all others are denied."""
    return (
        *(f"deny {network}" for network in deny),
        *(f"allow {network}" for network in allow or ()),
        *(("deny all",) if allow is not None else ()),
    )


@dataclass(frozen=True, slots=True)
class AuthLocationView:
    """The internal location that sends a subrequest to the authorizing service."""

    place: str
    path: str
    directives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
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
            *allow_and_deny(site.allow or None, site.deny),
            *self._asked(site.basic_auth, site.auth_request),
            *(("satisfy any",) if site.satisfy == "any" else ()),
        )

    def of_location(self, location: Location) -> tuple[str, ...]:
        """Directives of a location that differ from those of its site."""
        if location.public:
            return self.opened
        rules = rules_of_location(self.site, location)
        satisfy = (f"satisfy {rules.satisfy}",) if rules.satisfy != self.site.satisfy else ()
        return (
            *(allow_and_deny(rules.allow, rules.deny) if location.allow or location.deny else ()),
            *self._asked(location.basic_auth, location.auth_request),
            *satisfy,
        )

    def below(self, prefix: Location, regex: Location) -> tuple[str, ...]:
        """Directives of a regular expression inside a protected prefix, from which it inherits."""
        if regex.public or not has_own_rules(regex):
            return ()
        rules = rules_below(self.site, prefix, regex)
        satisfy = (regex.satisfy or self.site.satisfy) if prefix.public else self.site.satisfy
        return (
            *(allow_and_deny(rules.allow, rules.deny) if regex.allow or regex.deny else ()),
            *self._asked(
                None if prefix.basic_auth else regex.basic_auth, None if prefix.auth_request else regex.auth_request
            ),
            *((f"satisfy {satisfy}",) if satisfy != self.site.satisfy else ()),
        )

    @property
    def opened(self) -> tuple[str, ...]:
        """Lifts the access rules of the site for a public location."""
        site = self.site
        return (
            *(("allow all",) if site.allow or site.deny else ()),
            *(("auth_basic off",) if site.basic_auth else ()),
            *(("auth_request off",) if site.auth_request else ()),
        )

    def _asked(self, basic: BasicAuth | None, auth: AuthRequest | None) -> tuple[str, ...]:
        directives = []
        if basic:
            directives += [
                f"auth_basic {quoted(basic.realm)}",
                f"auth_basic_user_file {self.user_files[basic.users.name]}",
            ]
        if auth:
            directives.append(f"auth_request {_auth_path(auth)}")
            directives += [
                f"auth_request_set {_identity(name)} $upstream_http_{variable_name(name)}" for name in auth.headers
            ]
            directives += sets(auth)
        return tuple(directives)

    def identity_headers(self, auth: AuthRequest | None) -> tuple[tuple[str, str], ...]:
        """Headers in which a service names the user.

        :param auth: the service that decides here; without one, a client's own headers of these names are dropped.
        """
        trusted = {name.lower() for name in auth.headers} if auth else set()
        names = {name.lower(): name for one in auth_requests(self.site) for name in one.headers}
        return tuple((name, _identity(name) if key in trusted else "") for key, name in names.items())

    def auth_headers(self, edge: Edge, variables: Effective) -> RequestHeaders:
        """Headers that a service gets which decides about requests."""
        more = (*OF_AUTH_REQUESTS, ("X-Original-URL", return_url(variables)), *self.identity_headers(None))
        return request_headers("proxy", variables, (edge, self.site), more=more)

    def error_headers(self, edge: Edge, variables: Effective) -> RequestHeaders:
        """Headers of requests for a page of a backend that responds to errors."""
        return request_headers("proxy", variables, (edge, self.site), more=(*OF_PAGES, *self.identity_headers(None)))

    def auth_locations(self, edge: Edge, variables: Effective, generation: str) -> tuple[AuthLocationView, ...]:
        """One internal location for each service and path that the site asks."""
        distinct = {_auth_path(auth): auth for auth in auth_requests(self.site)}
        headers = self.auth_headers(edge, variables)
        return tuple(
            AuthLocationView(auth.place, path, _ask(auth, headers.directives(generation)))
            for path, auth in distinct.items()
        )


def auth_requests(site: Site) -> Iterable[AuthRequest]:
    """All questions to authorizing services in a site."""
    return (part.auth_request for part in site.parts if part.auth_request)


def _auth_path(auth: AuthRequest) -> str:
    """The same service and path give the same internal location."""
    return f"/_edge_auth_{hashlib.sha256(f'{auth.upstream.name} {auth.path}'.encode()).hexdigest()[:8]}"


def _identity(header: str) -> str:
    return f"$edge_auth_{re.sub(r'[^a-z0-9]', '_', header.lower())}"


OF_PAGES = (
    ("Content-Length", ""),
    # The answer to a conditional request would be a 304 without a body.
    ("If-Modified-Since", ""),
    ("If-None-Match", ""),
    ("Range", ""),
)
"""Headers of a request that describe its body, and the part of it that the client needs."""
OF_AUTH_REQUESTS = (
    *OF_PAGES[:3],
    ("X-Original-URI", "$request_uri"),
    ("X-Original-Method", "$request_method"),
    ("X-Forwarded-Uri", "$request_uri"),
    ("X-Forwarded-Method", "$request_method"),
)
"""Headers that describe the original request to the authorizing service."""


def _ask(auth: AuthRequest, headers: tuple[str, ...]) -> tuple[str, ...]:
    upstream = auth.upstream
    return (
        "internal",
        f"proxy_pass {'https' if upstream.tls else 'http'}://{upstream.name}{auth.path}",
        "proxy_intercept_errors on",
        f"error_page 301 302 303 307 308 =401 {DENIED}",
        "proxy_pass_request_body off",
        "client_max_body_size 0",  # nginx compares the body of the original request with this limit, too
        *headers,
        *(upstream_tls("proxy", upstream.tls) if upstream.tls else ()),
    )


def upstream_tls(protocol: str, tls: UpstreamTls) -> tuple[str, ...]:
    """TLS to backends: nginx does not verify certificates by default, and sends no server name.

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
