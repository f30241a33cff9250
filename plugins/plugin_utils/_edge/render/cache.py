# SPDX-License-Identifier: GPL-3.0-or-later
"""Caching of a location: what is stored, under which key, and which requests bypass the cache.

nginx would store and share everything that the backend does not forbid. Here a request that carries anything by which a
backend may tell clients apart (cookies, Authorization, a client certificate, an API key) or a body neither gets a
stored response nor leaves one. The directives begin with the protocol, so that other backend protocols get the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..model.cache import CacheUse
from ..model.edge import Edge
from ..model.location import PROXY, Location
from ..model.site import Site
from ..policy.effective import Effective
from ..syntax.quote import quoted
from .request_headers import unkeyed, variable_name
from .response_headers import ValueMap
from .upstream_choice import upstream_choice
from .zones import cache_zone

ORIGIN = "$http_origin"
NOT_ASKED_AGAIN = "~^(?:GET|HEAD):$"
"""Method and bypass of a request that the cache may answer."""
WITH_BODY = "$edge_has_body"


@dataclass(frozen=True, slots=True)
class CacheView:
    """The cache of a location.

    :param directives: a paragraph of the location.
    :param headers: headers of requests to the backend that depend on caching.
    :param maps: what the variables of both mean.
    """

    directives: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    maps: tuple[ValueMap, ...]


def view_cache_use(
    use: CacheUse, levels: tuple[Edge, Site, Location], variables: Effective, *, protocol: str = PROXY
) -> CacheView:
    """Decide everything about the cache of a location.

    :param levels: the edge, the site and the location.
    """
    _edge, site, location = levels
    cookies = _cookies(use)
    bypass = _bypass(use, site, cookies.variable if cookies else "$http_cookie")
    # nginx asks an HTTP backend for the whole response to HEAD, but an application only for what it says to HEAD.
    method = () if protocol == PROXY else ("$request_method",)
    # Responses of one upstream are not for requests of another one.
    choice = upstream_choice(location)
    chosen = (choice.variable,) if choice else ()
    parts = (_key_of_edge(variables), use.key, *method, *chosen, *unkeyed(levels))
    # No header holds a line break, so no two requests with other parts make the same key.
    key = r"\n".join(quoted(part)[1:-1] for part in parts)
    headers = []
    maps = [*((cookies,) if cookies else ()), bypass]
    for needed, name, source in ((cookies, "Cookie", "$http_cookie"), (ORIGIN not in key, "Origin", ORIGIN)):
        if needed:
            sent = _map(name.lower(), f"$request_method:{bypass.variable}", ((NOT_ASKED_AGAIN, ""),), source)
            headers.append((name, sent.variable))
            maps.append(sent)
    of_gateways = " http_502 http_503 http_504" if protocol == PROXY else " http_503"  # others have no gateway errors
    stale = (
        f"{protocol}_cache_use_stale error timeout updating http_500{of_gateways}",
        f"{protocol}_cache_background_update on",
    )
    directives = (
        f"{protocol}_cache {cache_zone(use.cache, protocol)}",
        f'{protocol}_cache_key "{key}"',
        *(f"{protocol}_cache_valid {' '.join(map(str, valid.status))} {valid.time}" for valid in use.valid),
        f"{protocol}_cache_min_uses {use.min_uses}",
        f"{protocol}_cache_lock on",
        *(stale if use.use_stale else ()),
        f"{protocol}_cache_bypass {bypass.variable}",
        f"{protocol}_no_cache {bypass.variable}",
    )
    return CacheView(directives, tuple(headers), tuple(maps))


def _key_of_edge(variables: Effective) -> str:
    """Request data that the backend gets although the key in the model does not contain it; sites may share a cache."""
    host = "$host" if variables.host == "$host" else f"$host {variables.host}"
    # On another address or port, the same name may belong to another site.
    return f"{variables.scheme} {host} {variables.port} $server_name"


def _map(what: str, source: str, entries: Sequence[tuple[str, str]], otherwise: str) -> ValueMap:
    decided = " ".join((source, *(word for entry in entries for word in entry), otherwise))
    digest = hashlib.sha256(decided.encode()).hexdigest()[:8]
    return ValueMap(source, f"$edge_cache_{what}_{digest}", tuple(entries), otherwise)


def _bypass(use: CacheUse, site: Site, cookies: str) -> ValueMap:
    """One variable of all reasons: nginx takes a header with the value ``0`` for none."""
    reasons = [
        "$http_authorization",
        cookies,
        *(f"$http_{variable_name(name)}" for name in use.credential_headers),
        *(("$ssl_client_fingerprint",) if site.client_certificates else ()),
        WITH_BODY,
    ]
    return _map("bypass", "".join(dict.fromkeys(reasons)), (("", ""),), "1")


def _cookies(use: CacheUse) -> ValueMap | None:
    """Whether a cookie marks a session; None where each does."""
    if use.session_cookies:
        names = "|".join(map(_pattern, use.session_cookies))
        return _map("session", "$http_cookie", ((rf"~(?:^|[;,\s])(?:{names})\s*=", "1"),), "")
    if use.ignore_cookies:
        names = "|".join(map(_pattern, use.ignore_cookies))
        entries = (("", ""), (rf"~^(?:\s*(?:{names})=[^;]*(?:;|$))*\s*$", ""))
        return _map("session", "$http_cookie", entries, "1")
    return None


def _pattern(cookie: str) -> str:
    name = re.escape(cookie.removesuffix("*")).replace("\\-", "-").replace("\\_", "_")
    return name + (r"[^=;,\s]*" if cookie.endswith("*") else "")
