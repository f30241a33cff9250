# SPDX-License-Identifier: GPL-3.0-or-later
"""How a location talks to its backend: protocol, timeouts, buffers and TLS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..model.edge import Edge
from ..model.location import PROXY, Location
from ..model.site import Site
from ..model.upstream import Upstream
from ..syntax import quantities
from ..syntax.raw import PROTOCOLS
from .access import upstream_tls
from .context import SiteContext
from .cookies import cookie_attributes, cookies_of
from .prefixes import rest_of_path, rewritten_headers, strips_prefix

WEBSOCKET_TIMEOUT = "3600s"
PROXY_TIMEOUT = "60s"
CONNECT_TIMEOUT = "10s"
BUFFER_SIZE = "8k"
BUFFERS = "16 8k"
"""The defaults of all protocols, where nginx has others."""
OBEY_X_ACCEL_REDIRECT = "ignore_headers X-Accel-Charset"
"""Replaces the inherited ``ignore_headers X-Accel-Redirect``, which nginx has no word to take back."""


def view_backend(location: Location, context: SiteContext) -> tuple[str, ...]:
    """Directives that pass requests to the backend of a location; empty without one."""
    upstream = location.backend
    if upstream is None:
        return ()
    if location.backend_protocol == "grpc":
        return _grpc(location, upstream, context.edge)
    return tuple(_proxy(location, upstream, location.backend_protocol, context.site))


def of_applications(protocols: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The defaults of the protocols of applications: those of HTTP, a group for each protocol."""
    for protocol in protocols:
        if protocol in PROTOCOLS:
            yield (
                f"{protocol}_connect_timeout {CONNECT_TIMEOUT}",
                f"{protocol}_buffer_size {BUFFER_SIZE}",
                f"{protocol}_buffers {BUFFERS}",
            )


def _proxy(location: Location, upstream: Upstream, protocol: str, site: Site) -> Iterator[str]:
    timeout = WEBSOCKET_TIMEOUT if location.websocket else PROXY_TIMEOUT
    yield f"{protocol}_pass {_address(location, upstream, protocol)}"
    cookies = cookies_of(location, site)
    if strips_prefix(location):
        yield from rewritten_headers(location, site, cookies=cookies is None or cookies.path is None)
    if protocol == PROXY:
        yield from cookie_attributes(cookies)
    for directive, value, inherited in (
        ("connect_timeout", location.proxy_connect_timeout, CONNECT_TIMEOUT),
        ("send_timeout", location.proxy_send_timeout or timeout, PROXY_TIMEOUT),
        ("read_timeout", location.proxy_read_timeout or timeout, PROXY_TIMEOUT),
        ("buffering", "on" if location.proxy_buffering else "off", "on"),
        ("request_buffering", "on" if location.proxy_request_buffering else "off", "on"),
        ("max_temp_file_size", location.proxy_max_temp_file_size or "", ""),
        ("buffer_size", location.proxy_buffer_size or "", ""),
        ("buffers", location.proxy_buffers or "", ""),
    ):
        if value != inherited:
            yield f"{protocol}_{directive} {value}"
    if location.x_accel_redirect:
        yield f"{protocol}_{OBEY_X_ACCEL_REDIRECT}"
    if upstream.tls:
        yield from upstream_tls(protocol, upstream.tls)


def _address(location: Location, upstream: Upstream, protocol: str) -> str:
    if protocol == "proxy":
        scheme = "https" if upstream.tls else "http"
        path = rest_of_path(location).variable if strips_prefix(location) else ""
        return f"{scheme}://{upstream.name}{path}"
    return f"suwsgi://{upstream.name}" if upstream.tls else upstream.name


def _grpc(location: Location, upstream: Upstream, edge: Edge) -> tuple[str, ...]:
    send, read = (one or PROXY_TIMEOUT for one in (location.proxy_send_timeout, location.proxy_read_timeout))
    # The body of a stream ends with the stream, and its client may be silent for as long as the backend.
    longest = max((edge.client_body_timeout, send, read), key=lambda one: quantities.seconds(one) or 0)
    longest = location.client_body_timeout or longest
    return (
        f"grpc_pass {'grpcs' if upstream.tls else 'grpc'}://{upstream.name}",
        f"grpc_connect_timeout {location.proxy_connect_timeout}",
        f"grpc_send_timeout {send}",
        f"grpc_read_timeout {read}",
        *((f"client_body_timeout {longest}",) if longest != edge.client_body_timeout else ()),
        *((f"grpc_{OBEY_X_ACCEL_REDIRECT}",) if location.x_accel_redirect else ()),
        *(upstream_tls("grpc", upstream.tls) if upstream.tls else ()),
    )
