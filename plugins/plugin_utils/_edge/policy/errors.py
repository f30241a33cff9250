# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses to errors that the edge itself generates: which page, text or format each status has in a block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..model.errors import ErrorPage
from ..model.location import Location
from ..model.site import Site

HTML, JSON, GRPC = "html", "json", "grpc"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
}
"""Status codes of errors and their names (RFC 9110, RFC 6585, RFC 7725, RFC 4918)."""
OF_NGINX = (494, 495, 496, 497)
"""nginx's own codes of requests that get 400: a header that is too long, client certificates, HTTP on the TLS port."""
GRPC_STATUS = {
    400: 13,
    401: 16,
    403: 7,
    404: 12,
    405: 13,
    408: 4,
    413: 8,
    414: 8,
    415: 13,
    429: 14,
    431: 8,
    500: 13,
    501: 13,
    502: 14,
    503: 14,
    504: 14,
}
"""HTTP status -> status of gRPC: gRPC's ``http-grpc-status-mapping``, and for others the closest meaning."""
GRPC_MESSAGES = {
    4: "deadline exceeded",
    7: "permission denied",
    8: "resource exhausted",
    12: "unimplemented",
    13: "internal",
    14: "unavailable",
    16: "unauthenticated",
}


@dataclass(frozen=True)
class Errors:
    """The responses to errors of a block.

    :param pages: pairs of status codes and what they get; no code occurs twice.
    :param format: the format of all errors that are not among them.
    """

    pages: tuple[tuple[tuple[int, ...], ErrorPage], ...]
    format: str

    @property
    def others(self) -> tuple[int, ...]:
        """The status codes in :attr:`format`."""
        paged = {status for statuses, _page in self.pages for status in statuses}
        return tuple(status for status in (*TITLES, *OF_NGINX) if status not in paged)


def errors_of(site: Site, location: Location | None = None) -> Errors:
    """The responses of a site, or of one of its locations, whose own come first."""
    if location is None:
        return Errors(tuple(_first(site.error_pages)), site.error_format)
    if location.backend_protocol == GRPC and location.upstream:
        return Errors((), GRPC)
    of_site = () if location.error_format == JSON else site.error_pages
    return Errors(tuple(_first((*location.error_pages, *of_site))), location.error_format or site.error_format)


def _first(pages: tuple[ErrorPage, ...]) -> Iterator[tuple[tuple[int, ...], ErrorPage]]:
    seen: set[int] = set()
    for page in pages:
        statuses = tuple(status for status in dict.fromkeys(page.status) if status not in seen)
        seen.update(statuses)
        if statuses:
            yield statuses, page
