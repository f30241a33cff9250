# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes of the cookies that backends set: domain, path and flags."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model.location import Location
from ..model.responses import Cookies
from ..model.site import Site
from ..syntax.quote import quoted

EVERY = "~^"
"""An expression that matches each value. nginx replaces the whole value (``ngx_http_proxy_rewrite_regex_handler``)."""


def cookies_of(location: Location, site: Site) -> Cookies | None:
    """The settings for the cookies of a location."""
    return location.cookies or site.cookies


def cookie_attributes(cookies: Cookies | None) -> Iterator[str]:
    """Directives for the cookies of an HTTP backend."""
    if cookies is None:
        return
    if cookies.domain:
        yield f"proxy_cookie_domain {EVERY} {cookies.domain}"
    if cookies.path:
        yield f"proxy_cookie_path {EVERY} {quoted(cookies.path)}"
    flags = " ".join(_flags(cookies))
    for name in (cookies.names or ("*",)) if flags else ():
        yield f"proxy_cookie_flags {_named(name)} {flags}"


def _flags(cookies: Cookies) -> Iterator[str]:
    if cookies.secure is not None:
        yield "secure" if cookies.secure else "nosecure"
    if cookies.http_only is not None:
        yield "httponly" if cookies.http_only else "nohttponly"
    if cookies.same_site:
        yield f"samesite={cookies.same_site}"


def _named(name: str) -> str:
    return quoted(f"~^{re.escape(name[:-1])}") if name.endswith("*") else name
