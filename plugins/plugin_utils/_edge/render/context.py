# SPDX-License-Identifier: GPL-3.0-or-later
"""The context of all blocks of a site: its place, headers, access rules and effective variables."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..model.access import AuthRequest
from ..model.edge import Edge
from ..model.location import PROXY, Location
from ..model.site import Site
from ..policy.access_rules import Rules, rules_below, rules_of_location, rules_of_site
from ..policy.effective import Effective
from ..policy.errors import GRPC, HTML, Errors, errors_of
from ..policy.methods import allowed_methods
from ..policy.response_headers import ResponsePolicy, edge_policy
from ..syntax.raw import PROTOCOLS, raw_protocols, read_raw
from .access import Access
from .cors import cors_headers
from .errors import ErrorResponses, view_errors, without_pages
from .lifetimes import lifetime_header
from .maps import allow_header
from .prefixes import public_prefix, strips_prefix
from .raw import view_raw
from .request_headers import SET_HEADER, DroppedHeaders, RequestHeaders, request_headers
from .response_headers import Added, added_headers
from .sign_in import cookie_headers, sign_in_page

CACHE_STATUS = Added("add_header X-Cache-Status $upstream_cache_status always")


def edge_protocols(edge: Edge) -> tuple[str, ...]:
    """The protocols that the edge speaks to backends; each has its own directives."""
    found = [*dict.fromkeys(protocol for site in edge.sites for protocol in site_protocols(site))]
    return tuple(dict.fromkeys(("proxy", *found)))


def site_protocols(site: Site) -> tuple[str, ...]:
    """The same for one site; those of raw directives included."""
    raw = raw_protocols(part.extra_directives for part in site.parts)
    return tuple(dict.fromkeys((PROXY, *model_protocols(site), *raw)))


def model_protocols(site: Site) -> tuple[str, ...]:
    """The protocols of the backends of its locations."""
    spoken = {location.backend_protocol for location in site.locations if location.backend}
    return tuple(one for one in ("grpc", *PROTOCOLS) if one in spoken)


@dataclass(frozen=True)
class SiteContext:
    """One site while it is written.

    :param to_https: what ``return`` answers to requests without TLS, if some locations of the site are also served
        without it; otherwise empty.
    :param alt_svc: value of Alt-Svc; empty without HTTP/3.
    :param generation: the placeholder of the generation's name.
    """

    edge: Edge
    site: Site
    access: Access
    variables: Effective
    to_https: str
    alt_svc: str
    generation: str

    @functools.cached_property
    def policy(self) -> ResponsePolicy:
        """Headers of the site's responses."""
        return edge_policy(self.edge).over(self.site)

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols of the site's backends."""
        return site_protocols(self.site)

    @property
    def executes_scripts(self) -> bool:
        """Whether the site has scripts, whose sources no location may send."""
        return any(location.php for location in self.site.locations)

    @property
    def has_raw_expressions(self) -> bool:
        """Whether raw directives of the site bring locations with regular expressions."""
        text = self.site.extra_directives
        found = read_raw(text).directives if "location" in text else ()
        return any(one.name == "location" and "".join(one.words[1:2]).startswith("~") for one in found)

    def added(
        self, policy: ResponsePolicy, first: Iterable[Added] = (), auth: AuthRequest | None = None
    ) -> list[Added]:
        """The headers that a policy adds to responses of the main server.

        :param auth: the service that decides about the requests; its cookies are sent to clients if the model says so.
        """
        first = (*first, *(cookie_headers() if auth and auth.cookies else ()))
        tls = self.site.https and not self.to_https
        scheme = self.variables.scheme if self.to_https else ""
        found = added_headers(policy, self.variables, tls=tls, scheme=scheme, alt_svc=self.alt_svc, first=first)
        found += cors_headers(policy.cors)
        own = policy.lifetimes and not policy.names_lifetime
        return [*found, lifetime_header(policy.lifetimes, private=auth is not None)] if own else found

    def added_by_site(self) -> list[Added]:
        """Headers of the site; locations that say nothing else inherit them."""
        closed = self.site.maintenance is not None
        first = () if closed else allow_header(allowed_methods(self.site))
        return self.added(self.policy, first, auth=None if closed else self.site.auth_request)

    def added_by_location(self, location: Location, auth: AuthRequest | None) -> list[Added]:
        """Headers of a location where they differ from those of its site; a block has all of its headers or none.

        :param auth: see :meth:`added`.
        """
        first = (*((CACHE_STATUS,) if location.cache else ()), *allow_header(allowed_methods(self.site, location)))
        found = self.added(self.policy.over(location), first, auth)
        return found if found != self.added_by_site() else []

    @functools.cached_property
    def errors_of_site(self) -> ErrorResponses:
        """Responses to errors of the site; locations that say nothing else inherit them."""
        found = self._errors(errors_of(self.site), self.site.at("error_format"), self.added_by_site())
        auth = None if self.site.maintenance else self.site.auth_request
        return replace(found, directives=(*sign_in_page(auth, self.site), *found.directives))

    def errors_of_location(self, location: Location, auth: AuthRequest | None) -> ErrorResponses:
        """Responses to errors of a location where they differ from those of its site.

        :param auth: see :meth:`added`.
        """
        of_site = self.errors_of_site
        errors = errors_of(self.site, location)
        plain = errors.format == HTML and not errors.pages
        added = [] if plain else self.added_by_location(location, auth) or self.added_by_site()
        place = (location if location.error_format else self.site).at("error_format")
        place = location.at("protocol") if errors.format == GRPC else place
        found = without_pages(location, self._errors(errors, place, added), of_site)
        sign_in = () if errors.format == GRPC else sign_in_page(auth or self.site.auth_request, self.site)
        directives = (*sign_in, *found.directives)
        return replace(found, directives=directives) if directives != of_site.directives else ErrorResponses()

    def _errors(self, errors: Errors, place: str, added: list[Added]) -> ErrorResponses:
        if errors.format == HTML and not errors.pages:
            return ErrorResponses()
        headers = self.access.error_headers(self.edge, self.variables).directives(self.generation)
        return view_errors(errors, place, added, self.variables, headers)

    def rules(self, location: Location, prefix: Location | None) -> Rules:
        """The access rules of a location, which may be inside of a protected prefix."""
        return rules_below(self.site, prefix, location) if prefix else rules_of_location(self.site, location)

    def hidden_by_site(self) -> tuple[str, ...]:
        """Headers of backends that are hidden here where they differ from those of the edge."""
        found = self.policy.hidden(self.protocols)
        return found if found != edge_policy(self.edge).hidden(self.protocols) else ()

    def hidden_by_location(self, location: Location) -> tuple[str, ...]:
        """Likewise for a location."""
        own = (location.backend_protocol,) if location.backend else ()
        protocols = tuple(dict.fromkeys((*own, *raw_protocols([location.extra_directives]))))
        found = self.policy.over(location).hidden(protocols)
        return found if found != self.policy.hidden(protocols) else ()

    def requests_of_site(self, protocol: str) -> RequestHeaders:
        """Headers to backends of all locations that say nothing else."""
        unknown = self.access.identity_headers(None)
        return request_headers(protocol, self.variables, (self.edge, self.site), more=unknown)

    def own_requests(self) -> tuple[RequestHeaders, ...]:
        """The same where they differ from those of the edge."""
        found = (self.requests_of_site(protocol) for protocol in self.protocols if protocol in SET_HEADER)
        return tuple(one for one in found if one != request_headers(one.dropped.protocol, self.variables, (self.edge,)))

    def requests_of_location(
        self, location: Location, more: Iterable[tuple[str, str]], prefix: Location | None
    ) -> RequestHeaders:
        """Headers to the backend of a location.

        :param more: headers that depend on caching.
        :param prefix: the protected prefix that the location is inside of.
        """
        rules = self.rules(location, prefix)
        return request_headers(
            location.backend_protocol,
            self.variables,
            (self.edge, self.site, location),
            websocket=location.websocket,
            prefix=public_prefix(location) if strips_prefix(location) else "",
            more=(*self.access.identity_headers(rules.auth_request), *more),
        )

    def raw(
        self, location: Location | None = None, prefix: Location | None = None
    ) -> tuple[str, tuple[DroppedHeaders, ...]]:
        """Raw directives of the site, or of a location, which may be inside of a protected prefix."""
        rules = self.rules(location, prefix) if location else rules_of_site(self.site)
        return view_raw(
            (location or self.site).extra_directives,
            (self.edge, self.site, *((location,) if location else ())),
            self.variables,
            self.generation,
            more=self.access.identity_headers(rules.auth_request),
        )
