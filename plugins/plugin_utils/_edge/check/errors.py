# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of responses to errors."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.errors import ErrorPage
from ..model.location import Location
from ..model.site import Site
from ..policy.errors import GRPC
from ..syntax.problems import Problem

ERRORS = range(300, 600)
CLIENT_GONE = 499
"""nginx logs this status if the client has closed the connection, and sends no response."""
TEXT = "text/plain"


def check_errors(site: Site) -> Iterator[Problem]:
    """Problems of a site and its locations."""
    for part in site.parts:
        seen: dict[int, str] = {}
        for page in part.error_pages:
            yield from _page(page)
            yield from _statuses(page, seen)
        if isinstance(part, Location) and part.upstream and part.protocol == GRPC:
            for option, value in (("error_pages", part.error_pages), ("error_format", part.error_format)):
                if value:
                    reason = "has no effect with protocol: grpc, whose errors have a status of gRPC"
                    yield Problem(part.at(option), reason, "remove it")


def _page(page: ErrorPage) -> Iterator[Problem]:
    where = {"root": page.root, "upstream": page.upstream}
    if page.text is not None:
        for option, value in (("page", page.page), *where.items()):
            if value:
                yield Problem(page.at(option), "has no effect with text", "remove one of them")
    elif page.page is None:
        yield Problem(page.place, "has no response", "write text, or page with root or upstream")
    elif len([value for value in where.values() if value]) != 1:
        reason = "has root and upstream" if page.root else "has neither root nor upstream"
        yield Problem(page.place, reason, "write exactly one of root, upstream")
    if page.text is None and page.type != TEXT:
        yield Problem(page.at("type"), "has no effect without text", "write text, or remove type")


def _statuses(page: ErrorPage, seen: dict[int, str]) -> Iterator[Problem]:
    for index, status in enumerate(page.status):
        place = page.at(f"status[{index}]")
        if status not in ERRORS or status == CLIENT_GONE:
            yield Problem(place, f"{status} is not the status of an error", "write 300 to 599, except 499")
        elif status in seen:
            yield Problem(place, f"{status} already has a response in {seen[status]}", "remove one of them")
        seen.setdefault(status, page.place)
