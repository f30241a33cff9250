# SPDX-License-Identifier: GPL-3.0-or-later
"""A site: its servers, and what all of its locations share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..model.edge import Edge
from ..model.errors import ErrorPage
from ..model.site import Site
from ..plan.sockets import https_port, own_sockets
from ..policy.confusing_paths import confusing_paths
from ..policy.effective import Effective, effective
from ..policy.errors import GRPC
from ..syntax.quote import quoted
from ..target.capabilities import HTTP2_DIRECTIVE, Target
from .access import Access, AuthLocationView, auth_requests
from .block import LocationView, bandwidth
from .compression import compressed
from .context import SiteContext
from .errors import IS_GRPC, ErrorLocation, grpc_directive, view_grpc
from .listen import Listen, listen_of_aliases, listen_of_site, plain_listen_of_site, speaks_http2, speaks_http3
from .location import view_locations
from .logs import access_log
from .redirects import RedirectsView, view_redirects
from .request_headers import DroppedHeaders
from .response_headers import Added, ValueMap, added_headers
from .sign_in import SignInView, sign_in_name, view_sign_in

TLS_FOLDER = "/etc/nginx/tls"
HTTP_PORT, HTTPS_PORT = 80, 443


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site: its names, the listeners of its main server, and whether plain HTTP is redirected.

    :param redirect: what ``return`` answers to plain HTTP.
    :param to_https: the same, if the main server also serves plain HTTP; otherwise empty.
    :param opened: directives that make a location public, regardless of ``settings``.
    :param confusing_paths: expressions of paths that are refused.
    :param backend_headers: lines about headers from and to backends.
    :param added: headers that its blocks add to responses.
    :param maps: what the variables of its blocks mean.
    :param dropped: files of dropped headers that its blocks include.
    :param error_pages: directives of its responses to errors.
    :param errors: the locations of all its responses to errors.
    :param grpc_page: the directive for requests of gRPC without a location; empty in sites without gRPC.
    """

    name: str
    place: str
    server_names: str
    https: bool
    listen: tuple[Listen, ...]
    alias_listen: tuple[Listen, ...]
    redirect_listen: tuple[Listen, ...]
    http2: bool
    http3: bool
    redirect: str
    redirect_status: int
    to_https: str
    redirects: RedirectsView | None
    alias_names: str
    alias_to: str
    certificates: tuple[str, ...]
    client_max_body_size: str
    log: tuple[str, ...]
    headers: tuple[str, ...]
    plain_headers: tuple[str, ...]
    confusing_paths: tuple[str, ...]
    backend_headers: tuple[tuple[str, ...], ...]
    settings: tuple[str, ...]
    opened: tuple[str, ...]
    error_pages: tuple[str, ...]
    errors: tuple[ErrorLocation, ...]
    auth_locations: tuple[AuthLocationView, ...]
    sign_ins: tuple[SignInView, ...]
    locations: tuple[LocationView, ...]
    closing_location: bool
    grpc_page: str
    extra_directives: str
    added: tuple[Added, ...]
    maps: tuple[ValueMap, ...]
    dropped: tuple[DroppedHeaders, ...]


def view_site(site: Site, edge: Edge, target: Target, user_files: Mapping[str, str], generation: str) -> SiteView:
    """Decide everything for one site."""
    access = Access(site, user_files)
    variables = effective(edge)
    http2, http3 = speaks_http2(site), speaks_http3(site, edge, target)
    port = https_port(site, edge)
    alt_svc = f'h3=":{port}"; ma=86400' if http3 else ""
    named = site.name if site.redirect_aliases else variables.host
    redirect = f"{site.redirect_status} https://{named}{_port(port, HTTPS_PORT)}$request_uri"
    to_https = redirect if site.has_plain_locations else ""
    context = SiteContext(edge, site, access, variables, to_https, alt_svc, generation)
    added = context.added_by_site()
    redirected = added_headers(context.policy, variables, tls=False) if site.https else []
    locations = _locations(site, context)
    requests = context.own_requests()
    auth_locations = () if site.maintenance else access.auth_locations(edge, variables, generation)
    sign_ins = () if site.maintenance else _sign_ins(context)
    blocks = [one for location in locations for one in location.walk()]
    errors, error_locations = context.errors_of_site, _error_locations(context, blocks)
    raw, raw_dropped = ("", ()) if site.maintenance else context.raw()
    return SiteView(
        name=site.name,
        place=site.place,
        server_names=site.name if site.redirect_aliases else _server_names(site.names),
        https=site.https,
        listen=listen_of_site(site, edge, target),
        alias_listen=listen_of_aliases(site, edge, target) if site.redirect_aliases else (),
        redirect_listen=() if site.has_plain_locations else plain_listen_of_site(site, edge),
        http2=http2 and target.can(HTTP2_DIRECTIVE),
        http3=http3,
        redirect=redirect,
        redirect_status=site.redirect_status,
        to_https=to_https,
        redirects=view_redirects(site),
        alias_names=_server_names(site.aliases) if site.redirect_aliases else "",
        alias_to=_alias_to(site, edge, variables),
        certificates=tuple(f"{TLS_FOLDER}/{name}" for name in site.certificate_names),
        client_max_body_size=site.client_max_body_size,
        log=access_log(site.log, edge),
        headers=tuple(one.directive for one in added),
        plain_headers=tuple(one.directive for one in redirected),
        confusing_paths=tuple(quoted(expression) for expression in confusing_paths(site)),
        backend_headers=(*(one.directives(generation) for one in requests), context.hidden_by_site()),
        settings=(
            *_client_certificates(site),
            *compressed(site.gzip, edge),
            *bandwidth(site),
            *(() if site.maintenance else access.of_site()),
        ),
        opened=() if site.maintenance else access.opened,
        error_pages=errors.directives,
        errors=error_locations,
        auth_locations=auth_locations,
        sign_ins=sign_ins,
        locations=locations,
        grpc_page=grpc_directive(404, view_grpc(site.place, added)) if _answers_grpc(site) else "",
        closing_location=not site.maintenance
        and not any(location.path == "/" and location.is_prefix for location in site.locations),
        extra_directives=raw,
        added=(*added, *redirected, *_added(*sign_ins, *error_locations, *blocks)),
        maps=(
            *(one for block in blocks for one in block.maps),
            *(one for error in error_locations for one in error.maps),
            *((IS_GRPC,) if _answers_grpc(site) else ()),
            *(one.refusal for one in raw_dropped if one.refusal),
        ),
        dropped=(
            *(one.dropped for one in requests),
            *(one for block in blocks for one in block.dropped),
            *raw_dropped,
            *((access.auth_headers(edge, variables).dropped,) if auth_locations else ()),
            *((access.error_headers(edge, variables).dropped,) if any(one.upstream for one in _pages(site)) else ()),
        ),
    )


def _added(*parts: SignInView | ErrorLocation | LocationView) -> Iterator[Added]:
    return (one for part in parts for one in part.added)


def _sign_ins(context: SiteContext) -> tuple[SignInView, ...]:
    """One location for each sign-in page that the site leads to."""
    distinct = {sign_in_name(auth): auth for auth in auth_requests(context.site) if auth.sign_in}
    return tuple(
        view_sign_in(auth, context.variables, tuple(context.added(context.policy, auth=auth)))
        for auth in distinct.values()
    )


def _pages(site: Site) -> Iterator[ErrorPage]:
    return (page for part in site.parts for page in part.error_pages)


def _client_certificates(site: Site) -> tuple[str, ...]:
    if site.client_certificates is None:
        return ()
    return (
        f"ssl_client_certificate {site.client_certificates.ca}",
        f"ssl_verify_client {'on' if site.client_certificates.required else 'optional'}",
        "ssl_verify_depth 3",
    )


def _alias_to(site: Site, edge: Edge, variables: Effective) -> str:
    """The URL to which requests for the aliases are redirected."""
    if site.https:
        return f"https://{site.name}{_port(https_port(site, edge), HTTPS_PORT)}$request_uri"
    return f"{variables.scheme}://{site.name}{_port(own_sockets(site, edge)[0].port, HTTP_PORT)}$request_uri"


def _server_names(names: Iterable[str]) -> str:
    return " ".join(quoted(name) if name.startswith("~") else name for name in names)


def _port(port: int, usual: int) -> str:
    return "" if port == usual else f":{port}"


def _error_locations(context: SiteContext, blocks: list[LocationView]) -> tuple[ErrorLocation, ...]:
    """The locations that respond to errors; several blocks may lead to one."""
    found = [*context.errors_of_site.locations, *(one for block in blocks for one in block.errors)]
    if _answers_grpc(context.site):
        found.append(view_grpc(context.site.place, context.added_by_site()))
    inherited = tuple(context.added_by_site())
    return tuple({one.path: _inheriting(one, inherited) for one in found}.values())


def _inheriting(location: ErrorLocation, headers: tuple[Added, ...]) -> ErrorLocation:
    return replace(location, added=()) if location.added == headers else location


def _answers_grpc(site: Site) -> bool:
    """Whether requests for paths without a location may be those of gRPC."""
    return site.maintenance is None and any(one.protocol == GRPC for one in site.locations if one.upstream)


def _locations(site: Site, context: SiteContext) -> tuple[LocationView, ...]:
    if site.maintenance is None:
        return tuple(view_locations(context))
    retry_after = Added(f"add_header Retry-After {site.maintenance.retry_after} always")
    closed = (
        tuple(one.directive for one in context.added(context.policy, (retry_after,))),
        ("default_type text/plain", f"return 503 {quoted(site.maintenance.text)}"),
    )
    return (LocationView(site.maintenance.place, "/", closed),)
