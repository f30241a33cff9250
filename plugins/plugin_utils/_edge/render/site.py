# SPDX-License-Identifier: GPL-3.0-or-later
"""A site: its servers, and what all of its locations share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..model.edge import Edge
from ..model.site import ErrorPage, Site
from ..policy.confusing_paths import confusing_paths
from ..policy.effective import effective
from ..syntax.quote import quoted
from ..target.capabilities import HTTP2_DIRECTIVE, Target
from .access import Access, AuthLocationView
from .block import LocationView
from .context import SiteContext
from .listen import Listen, listen_on, plain_listen, speaks_http2, speaks_http3, tls_listen
from .location import view_locations
from .request_headers import DroppedHeaders
from .response_headers import Added, ValueMap, added_headers

TLS_FOLDER = "/etc/nginx/tls"
HTTPS_PORT = 443


@dataclass(frozen=True)
class ErrorPageView:
    """An error page of the edge for some status codes."""

    place: str
    status: str
    page: str
    root: str


@dataclass(frozen=True)
class SiteView:
    """A site: its names, the listeners of its main server, and whether plain HTTP is redirected.

    :param opened: directives that make a location public, regardless of ``settings``.
    :param confusing_paths: expressions of paths that are refused.
    :param backend_headers: lines about headers from and to backends.
    :param added: headers that its blocks add to responses.
    :param maps: what the variables of its blocks mean.
    :param dropped: files of dropped headers that its blocks include.
    """

    name: str
    place: str
    server_names: str
    https: bool
    listen: tuple[Listen, ...]
    redirect_listen: tuple[Listen, ...]
    http2: bool
    http3: bool
    redirect_to: str
    certificate: str
    client_max_body_size: str
    headers: tuple[str, ...]
    plain_headers: tuple[str, ...]
    confusing_paths: tuple[str, ...]
    backend_headers: tuple[tuple[str, ...], ...]
    settings: tuple[str, ...]
    opened: tuple[str, ...]
    error_pages: tuple[ErrorPageView, ...]
    auth_locations: tuple[AuthLocationView, ...]
    locations: tuple[LocationView, ...]
    closing_location: bool
    extra_directives: str
    added: tuple[Added, ...]
    maps: tuple[ValueMap, ...]
    dropped: tuple[DroppedHeaders, ...]


def view_site(site: Site, edge: Edge, target: Target, user_files: Mapping[str, str], generation: str) -> SiteView:
    """Decide everything for one site."""
    access = Access(site, user_files)
    variables = effective(edge)
    http2, http3 = speaks_http2(site), speaks_http3(site, target)
    alt_svc = f'h3=":{edge.https_port}"; ma=86400' if http3 else ""
    context = SiteContext(edge, site, access, variables, alt_svc, generation)
    plain = plain_listen(edge)
    tls = tls_listen(edge, target, http2)
    if http3:
        tls += listen_on(edge.https_port, "quic", ipv6=edge.ipv6)
    added = context.added(context.policy)
    redirected = added_headers(context.policy, variables, tls=False) if site.https else []
    locations = _locations(site, context)
    requests = context.own_requests()
    auth_locations = () if site.maintenance else access.auth_locations(edge, variables, generation)
    blocks = [one for location in locations for one in location.walk()]
    raw, raw_dropped = ("", ()) if site.maintenance else context.raw()
    port = "" if edge.https_port == HTTPS_PORT else f":{edge.https_port}"
    return SiteView(
        name=site.name,
        place=site.place,
        server_names=" ".join(site.names),
        https=site.https,
        listen=tls if site.https else plain,
        redirect_listen=plain if site.https else (),
        http2=http2 and target.can(HTTP2_DIRECTIVE),
        http3=http3,
        redirect_to=f"https://{variables.host}{port}$request_uri",
        certificate=f"{TLS_FOLDER}/{site.certificate_name}",
        client_max_body_size=site.client_max_body_size,
        headers=tuple(one.directive for one in added),
        plain_headers=tuple(one.directive for one in redirected),
        confusing_paths=tuple(quoted(expression) for expression in confusing_paths(site)),
        backend_headers=(*(one.directives(generation) for one in requests), context.hidden_by_site()),
        settings=(*_client_certificates(site), *(() if site.maintenance else access.of_site())),
        opened=() if site.maintenance else access.opened,
        error_pages=tuple(_error_page(page) for page in site.error_pages),
        auth_locations=auth_locations,
        locations=locations,
        closing_location=not site.maintenance
        and not any(location.path == "/" and location.match == "prefix" for location in site.locations),
        extra_directives=raw,
        added=(*added, *redirected, *(one for block in blocks for one in block.added)),
        maps=(
            *(one for block in blocks for one in block.maps),
            *(one.refusal for one in raw_dropped if one.refusal),
        ),
        dropped=(
            *(one.dropped for one in requests),
            *(one for block in blocks for one in block.dropped),
            *raw_dropped,
            *((access.auth_headers(edge, variables).dropped,) if auth_locations else ()),
        ),
    )


def _client_certificates(site: Site) -> tuple[str, ...]:
    if site.client_certificates is None:
        return ()
    return (
        f"ssl_client_certificate {site.client_certificates.ca}",
        f"ssl_verify_client {'on' if site.client_certificates.required else 'optional'}",
        "ssl_verify_depth 3",
    )


def _error_page(page: ErrorPage) -> ErrorPageView:
    return ErrorPageView(page.place, " ".join(map(str, page.status)), page.page, page.root)


def _locations(site: Site, context: SiteContext) -> tuple[LocationView, ...]:
    if site.maintenance is None:
        return tuple(view_locations(context))
    retry_after = Added(f"add_header Retry-After {site.maintenance.retry_after} always")
    closed = (
        tuple(one.directive for one in context.added(context.policy, (retry_after,))),
        ("default_type text/plain", f"return 503 {quoted(site.maintenance.text)}"),
    )
    return (LocationView(site.maintenance.place, "/", closed),)
