# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in: what happens to a request that an authorizing service does not allow, and the cookies of the service.

nginx knows the statuses 2xx, 401 and 403 of such a service; a redirect would become 500. The internal location of the
service turns it into 401, and its headers stay readable for ``auth_request_set`` (measured with nginx 1.18 to 1.30).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ..model.access import AuthRequest
from ..model.site import Site
from ..policy.effective import Effective
from ..syntax.quote import quoted
from .response_headers import Added, ValueMap

DENIED = "@edge_auth_denied"
"""The named location that returns 401."""
LOCATION = "$edge_auth_location"
COOKIES = "$edge_auth_cookies"
_NEXT = r"[^\s;,=]+="
"""The beginning of a cookie: a name that follows a comma. The date of ``Expires`` holds a comma, too."""
_COOKIES = (
    (f"~^(.+?)(?:, {_NEXT}|$)", "$1"),
    (f"~^.+?, ({_NEXT}.+?)(?:, {_NEXT}|$)", "$1"),
    (f"~^.+?, {_NEXT}.+?, ({_NEXT}.+?)(?:, {_NEXT}|$)", "$1"),
)
"""nginx joins the cookies of a response with commas since 1.23; each of these finds one."""


@dataclass(frozen=True, slots=True)
class SignInView:
    """A named location that redirects to a sign-in page.

    :param needs_location: whether the target is the Location of the service's response, which may be missing.
    """

    place: str
    name: str
    target: str
    needs_location: bool
    added: tuple[Added, ...]


def return_url(variables: Effective) -> str:
    """The URL of a request as the client sees it."""
    return f"{variables.scheme}://$edge_authority$request_uri"


def sign_in_name(auth: AuthRequest) -> str:
    """The name of the location for a sign-in page; :data:`DENIED` without one."""
    if auth.sign_in is None:
        return DENIED
    return f"@edge_sign_in_{hashlib.sha256(f'{auth.sign_in} {auth.cookies}'.encode()).hexdigest()[:8]}"


def view_sign_in(auth: AuthRequest, variables: Effective, added: tuple[Added, ...]) -> SignInView:
    """The location of a sign-in page.

    :param added: all headers of its responses.
    """
    target = auth.sign_in or ""
    located = target == "$location"
    return SignInView(
        place=auth.place,
        name=sign_in_name(auth),
        target=LOCATION if located else quoted(target.replace("$return_url", return_url(variables))),
        needs_location=located,
        added=added,
    )


def sets(auth: AuthRequest) -> tuple[str, ...]:
    """Directives that read what a sign-in needs from the response of the service."""
    return (
        *((f"auth_request_set {LOCATION} $upstream_http_location",) if auth.sign_in == "$location" else ()),
        *((f"auth_request_set {COOKIES} $upstream_http_set_cookie",) if auth.cookies else ()),
    )


def sign_in_page(auth: AuthRequest | None, site: Site) -> tuple[str, ...]:
    """The page for 401.

    :param auth: the service that decides about the requests of a block.
    """
    outer = site.auth_request.sign_in if site.auth_request else None
    if auth is None or (auth.sign_in is None and not (auth is not site.auth_request and outer)):
        return ()
    return (f"error_page 401 = {sign_in_name(auth)}",)


def cookie_headers() -> tuple[Added, ...]:
    """Headers that send up to three cookies of the service to the client."""
    found = []
    for number, entry in enumerate(_COOKIES, start=1):
        value_map = ValueMap(COOKIES, f"$edge_auth_cookie_{number}", (entry,), "")
        found.append(Added(f"add_header Set-Cookie {value_map.variable} always", (value_map,)))
    return tuple(found)
