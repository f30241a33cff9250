# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses to errors of the edge: ``error_page`` directives, and the internal locations that they lead to.

nginx looks for the location of a path, and not for a named location: a request without a valid path cannot go to one.
Each location has the complete set of headers of the block in which the error occurs. Its ``types`` are empty, because
nginx would choose the media type by the path of the request.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..model.errors import ErrorPage
from ..model.location import Location
from ..policy.effective import Effective
from ..policy.errors import GRPC, GRPC_MESSAGES, GRPC_STATUS, HTML, JSON, TITLES, Errors
from ..syntax.quote import quoted
from .access import upstream_tls
from .response_headers import Added, ValueMap

TITLE = ValueMap("$status", "$edge_error_title", tuple((str(one), title) for one, title in TITLES.items()), "Error")
MESSAGE = ValueMap(
    "$args", "$edge_grpc_message", tuple((str(one), text) for one, text in GRPC_MESSAGES.items()), "unknown"
)
IS_GRPC = ValueMap("$content_type", "$edge_is_grpc", (("~^application/grpc(?:[+;]|$)", "1"),), "")
"""Whether a request is one of gRPC; those of gRPC-Web are not."""
JSON_TYPE = "application/problem+json"
_SUFFIX = re.compile(r"\.[A-Za-z0-9]+\Z", re.ASCII)
NONE = "error_page 599 @edge_html"
"""Keeps nginx from using the pages of the site; nothing generates this status."""


@dataclass(frozen=True, slots=True)
class ErrorLocation:
    """An internal location that responds to errors.

    :param media_type: of a text; empty for a page.
    """

    place: str
    path: str
    directives: tuple[str, ...]
    media_type: str = ""
    added: tuple[Added, ...] = ()
    maps: tuple[ValueMap, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorResponses:
    """What a block has for errors."""

    directives: tuple[str, ...] = ()
    locations: tuple[ErrorLocation, ...] = ()


def view_errors(
    errors: Errors, place: str, added: Sequence[Added], variables: Effective, page_headers: Sequence[str]
) -> ErrorResponses:
    """The responses of a block.

    :param place: of the option that chooses the format.
    :param added: the complete set of headers of its responses.
    :param page_headers: headers of requests for a page of a backend.
    """
    found = []
    for statuses, page in errors.pages:
        location = _page(page, added, variables, page_headers)
        found.append((f"error_page {_listed(statuses)} {location.path}", location))
    if errors.format == JSON:
        json = _json(place, added, variables)
        found.append((f"error_page {_listed(errors.others)} {json.path}", json))
    elif errors.format == GRPC:
        grpc = view_grpc(place, added)
        found += [(grpc_directive(status, grpc), grpc) for status in GRPC_STATUS]
    locations = {location.path: location for _directive, location in found}
    return ErrorResponses(_joined(directive for directive, _location in found), tuple(locations.values()))


def _joined(directives: Iterable[str]) -> tuple[str, ...]:
    """Status codes with the same response in one directive."""
    by_target: dict[str, list[str]] = {}
    for directive in directives:
        statuses, equals, target = directive.removeprefix("error_page ").rpartition(" = ")
        if not equals:
            statuses, _space, target = directive.removeprefix("error_page ").rpartition(" ")
        by_target.setdefault(f"{'= ' if equals else ''}{target}", []).append(statuses)
    return tuple(f"error_page {' '.join(statuses)} {target}" for target, statuses in by_target.items())


def grpc_directive(status: int, location: ErrorLocation) -> str:
    """The response to an error with the status of gRPC, which is an argument of the location."""
    return f"error_page {status} = {location.path}?{GRPC_STATUS[status]}"


def without_pages(location: Location, responses: ErrorResponses, of_site: ErrorResponses) -> ErrorResponses:
    """A location with ``html`` has none of the responses of its site."""
    if location.error_format == HTML and of_site.directives and not responses.directives:
        return ErrorResponses((NONE,))
    return responses


def _listed(statuses: Iterable[int]) -> str:
    return " ".join(map(str, statuses))


def _path(added: Sequence[Added], *content: str, suffix: str = "") -> str:
    """The same response with the same headers has one location.

    :param suffix: of a file, by which nginx chooses the media type.
    """
    whole = "\n".join((*content, *(one.directive for one in added)))
    return f"/_edge_error_{hashlib.sha256(whole.encode()).hexdigest()[:8]}{suffix}"


def _page(page: ErrorPage, added: Sequence[Added], variables: Effective, headers: Sequence[str]) -> ErrorLocation:
    if page.text is not None:
        text = page.text.replace("$request_id", variables.request_id)
        path = _path(added, page.type, page.text)
        # The status is the one of the error. nginx sends an empty text only with a status below 400.
        return ErrorLocation(page.at("text"), path, (f"return 200 {quoted(text)}",), page.type, tuple(added))
    name, root = page.page or "", page.root or ""
    if page.upstream:
        path = _path(added, name, page.upstream.name)
        return ErrorLocation(page.at("upstream"), path, tuple(_of_backend(page, headers)), "", tuple(added))
    path = _path(added, name, root, suffix="".join(_SUFFIX.findall(name)))
    directives = (f"alias {root.rstrip('/')}{name}", f"disable_symlinks if_not_owner from={root}")
    return ErrorLocation(page.at("page"), path, directives, "", tuple(added))


def _of_backend(page: ErrorPage, headers: Sequence[str]) -> Iterator[str]:
    if page.upstream is None:
        return
    yield f"proxy_pass {'https' if page.upstream.tls else 'http'}://{page.upstream.name}{page.page}"
    yield "proxy_pass_request_body off"
    yield "client_max_body_size 0"
    yield from headers
    if page.upstream.tls:
        yield from upstream_tls("proxy", page.upstream.tls)


def _json(place: str, added: Sequence[Added], variables: Effective) -> ErrorLocation:
    text = f'{{"title":"{TITLE.variable}","status":$status,"request_id":"{variables.request_id}"}}'
    path = _path(added, JSON)
    return ErrorLocation(place, path, (f"return 200 {quoted(text)}",), JSON_TYPE, tuple(added), (TITLE,))


def view_grpc(place: str, added: Sequence[Added]) -> ErrorLocation:
    """The response of gRPC: status 200 without a body, and the status of gRPC in a header."""
    own = (
        Added("add_header grpc-status $args always"),
        Added(f"add_header grpc-message {MESSAGE.variable} always"),
        *added,
    )
    return ErrorLocation(place, _path(added, GRPC), ('return 200 ""',), "application/grpc", own, (MESSAGE,))
