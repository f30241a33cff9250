# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations whose prefix the backend does not see (``strip_prefix``).

nginx's own way, a URI behind ``proxy_pass``, decodes the path and encodes it again, which turns ``%2f`` into a slash.
Here the rest of the path is a part of ``$request_uri``, as the client sent it. A request whose path does not begin
with the prefix as it is written, such as ``/x/../shop/`` or ``/%73hop/``, gets 400.
"""

from __future__ import annotations

import hashlib

from ..model.location import PROXY, Location
from ..model.site import Site
from ..syntax.paths import encoded, literal
from ..syntax.quote import quoted
from .response_headers import ValueMap

_NO_DOTS = r"(?!(?:[^?#]*/)?(?:[.]|%2[eE]){1,2}(?:[/?#]|$))"
LONGEST_NAMES = 2000
"""Characters of host names in an expression; nginx reads at most 4096 bytes at a time."""


def strips_prefix(location: Location) -> bool:
    """Whether the path of requests is cut. Applications behind other protocols than HTTP get it in two parts."""
    return location.strip_prefix and location.backend_protocol == PROXY


def public_prefix(location: Location) -> str:
    """The prefix of the location without its last slash, as clients send it; the value of X-Forwarded-Prefix."""
    return encoded(location.path).rstrip("/")


def rest_of_path(location: Location) -> ValueMap:
    """The path and the query behind the prefix; empty if the path that the client sent does not begin with it, or has
    segments ``.`` or ``..``, which could lead out of it."""
    prefix = literal(encoded(location.path))
    variable = f"$edge_rest_{hashlib.sha256(location.path.encode()).hexdigest()[:8]}"
    return ValueMap("$request_uri", variable, ((f"~^{prefix}{_NO_DOTS}([^#]*)$", "/$1"),), "")


def rewritten_headers(location: Location, site: Site, *, cookies: bool) -> tuple[str, ...]:
    """Directives that put the prefix in front of paths in the ``Location`` and ``Set-Cookie`` of the backend.

    A path that has the prefix already is kept: an application that knows X-Forwarded-Prefix writes it itself.

    :param cookies: whether the paths of cookies are changed, too.
    """
    prefix = public_prefix(location)
    if not prefix:
        return ()
    name = literal(prefix[1:])
    own = f"https?://(?:{_hosts(site)})(?::[0-9]+)?"
    return (
        f"proxy_redirect {quoted(f'~^(?:{own})?/(?!/|{name}(?:[/?#]|$))(.*)$')} {quoted(prefix + '/$1')}",
        *((f"proxy_cookie_path {quoted(f'~^/(?!{name}(?:/|$))(.*)$')} {quoted(prefix + '/$1')}",) if cookies else ()),
    )


def _hosts(site: Site) -> str:
    names = [f"[^/:]+{literal(name[1:])}" if name.startswith("*.") else literal(name) for name in site.host_names]
    every = "|".join(names)
    return every if len(every) <= LONGEST_NAMES else names[0]
