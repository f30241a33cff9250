# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared memory: upstreams, and the zones of limits and caches.

nginx keeps a zone of the same name over a reload and ignores that its key or path changed; with a digest of those in
its name, a changed zone is a new zone.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import CACHE_FOLDER

from ..model.cache import Cache
from ..model.edge import Edge
from ..model.limits import ConnectionLimit, RateLimit
from ..model.location import PROXY
from ..model.stream import Stream
from ..model.upstream import Server, Upstream
from ..syntax.addresses import is_ip, split_address
from ..syntax.quote import quote
from ..target.capabilities import Target
from ..target.name_resolution import resolves

STREAM = "stream_"
"""Begins the names of zones of the stream block: nginx has one set of names for all of its shared memory."""


CLIENT = "$edge_client"
"""The variable by which limits count clients: an address, or the /64 network of an IPv6 client."""

LONGEST_VARIABLE = 38
"""Characters to which ``_exempt`` can be added: nginx's hash of variables takes names of up to 46."""


@dataclass(frozen=True, slots=True)
class UpstreamView:
    """An ``upstream`` block; ``directives`` and ``servers`` are without their semicolons."""

    name: str
    place: str
    directives: tuple[str, ...]
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LimitView:
    """A zone that counts.

    :param variable: begins the names of the variables that leave the exempt networks out.
    :param exempt: networks whose requests are not counted; without any, ``directive`` uses ``key`` itself.
    """

    place: str
    name: str
    variable: str
    exempt: tuple[str, ...]
    key: str
    directive: str


def view_upstream(
    upstream: Upstream, edge: Edge, target: Target, *, prefix: str = "", keeps_alive: bool = True
) -> UpstreamView:
    """An upstream with its zone, its balancing method and its keepalive.

    :param prefix: begins the name of its zone; :data:`STREAM` for the stream block.
    :param keeps_alive: whether its connections are used again.
    """
    balance = {
        "round_robin": (),
        "least_conn": ("least_conn",),
        "ip_hash": ("ip_hash",),
        "random": ("random",),
        "random_two_least_conn": ("random two least_conn",),
        "hash": (f"hash {quote(upstream.hash_key or '')}" + (" consistent" if upstream.hash_consistent else ""),),
    }[upstream.balance]
    keepalive = (
        (
            f"keepalive {upstream.keepalive}",
            f"keepalive_requests {upstream.keepalive_requests}",
            f"keepalive_timeout {upstream.keepalive_timeout}",
        )
        if upstream.keepalive and keeps_alive
        else ()
    )
    again = resolves(upstream, edge, target)
    return UpstreamView(
        name=upstream.name,
        place=upstream.place,
        # nginx wants the balancing method before `keepalive`.
        directives=(f"zone {prefix}upstream_{upstream.name} {upstream.zone_size}", *balance, *keepalive),
        servers=tuple(_server(server, again) for server in upstream.servers),
    )


def _server(server: Server, resolve: bool) -> str:
    parts = [f"server {server.address}"]
    if server.weight != 1:
        parts.append(f"weight={server.weight}")
    parts.append(f"max_fails={server.max_fails}")
    parts.append(f"fail_timeout={server.fail_timeout}")
    if server.max_conns:
        parts.append(f"max_conns={server.max_conns}")
    if server.backup:
        parts.append("backup")
    if server.down:
        parts.append("down")
    address = split_address(server.address)
    if resolve and address and not is_ip(address[0]):
        parts.append("resolve")
    return " ".join(parts)


def _zone(name: str, *what: str) -> str:
    return f"{name}_{hashlib.sha256(' '.join(what).encode()).hexdigest()[:8]}"


def stream_variable(stream: Stream) -> str:
    """Name of the variable that holds where the TLS of a stream goes."""
    return variable(_zone(f"{STREAM}{stream.name}", stream.name))


def rate_limit_zone(limit: RateLimit) -> str:
    """Name of the zone of a rate limit."""
    return _zone(f"rate_{limit.name}", limit.key, *limit.exempt)


def connection_limit_zone(limit: ConnectionLimit, *, prefix: str = "") -> str:
    """Name of the zone of a connection limit; ``prefix`` as in :func:`view_upstream`."""
    return _zone(f"{prefix}connections_{limit.name}", limit.key, *limit.exempt)


def cache_zone(cache: Cache, protocol: str = PROXY) -> str:
    """Name of the zone of a cache, and of its folder: nginx cannot read a cache written with other levels, and shares
    none between protocols."""
    return _zone(f"{'' if protocol == PROXY else f'{protocol}_'}cache_{cache.name}", cache.levels)


def view_rate_limit(limit: RateLimit) -> LimitView:
    """A zone for ``limit_req``."""
    zone = rate_limit_zone(limit)
    directive = f"limit_req_zone {_key(limit, zone)} zone={zone}:{limit.zone_size} rate={limit.rate}"
    return _limit_view(limit, zone, directive)


def view_connection_limit(limit: ConnectionLimit, *, prefix: str = "") -> LimitView:
    """A zone for ``limit_conn``; ``prefix`` as in :func:`view_upstream`."""
    zone = connection_limit_zone(limit, prefix=prefix)
    directive = f"limit_conn_zone {_key(limit, zone)} zone={zone}:{limit.zone_size}"
    return _limit_view(limit, zone, directive)


def _limit_view(limit: RateLimit | ConnectionLimit, zone: str, directive: str) -> LimitView:
    return LimitView(limit.place, limit.name, variable(zone), once(limit.exempt), quote(limit.key), directive)


def _key(limit: RateLimit | ConnectionLimit, zone: str) -> str:
    return f"${variable(zone)}_key" if limit.exempt else quote(limit.key)


def variable(zone: str) -> str:
    """A variable's name made of that of a zone, which ends with a digest and so is like no other."""
    if len(zone) > LONGEST_VARIABLE:
        zone = _zone(zone[:20], zone)
    return re.sub(r"\W", "_", zone, flags=re.ASCII)


def once(networks: tuple[str, ...]) -> tuple[str, ...]:
    """Each network once, however it is written: of the same network twice nginx warns."""
    return tuple({ipaddress.ip_network(network): network for network in reversed(networks)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class CacheZoneView:
    """The ``proxy_cache_path`` of a cache, or that of another protocol."""

    place: str
    directive: str


def view_cache(cache: Cache, protocol: str = PROXY) -> CacheZoneView:
    """Folder and zone of a cache."""
    zone = cache_zone(cache, protocol)
    return CacheZoneView(
        cache.place,
        f"{protocol}_cache_path {CACHE_FOLDER}/{zone} levels={cache.levels} keys_zone={zone}:{cache.zone_size}"
        f" max_size={cache.max_size} inactive={cache.inactive} use_temp_path=off",
    )
