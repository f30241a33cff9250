# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of changes to cookies, and of logs."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.edge import Edge
from ..model.location import Location
from ..model.responses import Cookies, Log
from ..syntax.problems import Problem

OWN_LOGS = ("access.log", "error.log", "stream.log")
PERCENT = range(101)


def check_responses(edge: Edge) -> Iterator[Problem]:
    """Problems of cookies and logs."""
    for site in edge.sites:
        for part in site.parts:
            if part.cookies:
                yield from _cookies(part.cookies)
            if part.log:
                yield from _log(part.log)
        for location in site.locations:
            yield from _location(location)


def _cookies(cookies: Cookies) -> Iterator[Problem]:
    if not (cookies.domain or cookies.path or cookies.has_flags):
        yield Problem(cookies.place, "changes nothing", "write domain, path, secure, http_only or same_site")
    if cookies.domain and cookies.domain.startswith("*."):
        reason = "a cookie for a domain is sent to all names below it"
        yield Problem(cookies.at("domain"), reason, f"write {cookies.domain[2:]}")
    if cookies.names and not cookies.has_flags:
        yield Problem(cookies.at("names"), "has no effect without flags", "write secure, http_only or same_site")
    if cookies.same_site == "none" and not cookies.secure:
        reason = "browsers reject such cookies without Secure"
        yield Problem(cookies.at("same_site"), reason, "write secure: true")


def _log(log: Log) -> Iterator[Problem]:
    if log.file in OWN_LOGS:
        yield Problem(log.at("file"), f"{log.file} is a log of the edge", "write another name")
    if log.sample is not None and log.sample not in PERCENT:
        yield Problem(log.at("sample"), f"{log.sample} is out of range", f"write {PERCENT[0]} to {PERCENT[-1]}")


def _location(location: Location) -> Iterator[Problem]:
    if location.log and not location.access_log:
        yield Problem(location.at("log"), "contradicts access_log: false", "remove one of them")
    if location.cookies is None:
        return
    if not location.upstream:
        yield Problem(location.at("cookies"), "needs upstream in the same location")
    elif location.protocol != "http":
        reason = f"nginx does not change cookies with protocol: {location.protocol}"
        yield Problem(location.at("cookies"), reason, "set the attributes in the application")
