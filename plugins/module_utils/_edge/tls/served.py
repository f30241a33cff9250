# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the edge serves over the network of the host itself: certificates by TLS handshake, files by HTTP."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, NamedTuple, Protocol

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import HTTP_PORT, HTTPS_PORT, LOOPBACK, Folders
from .connections import connect_tls, is_refusal, server_name
from .key_pairs import read_pair
from .wanted import Wanted
from .x509 import X509Certificate, iso, parse_der

_PATIENCE = 5.0
_NO_SUCH_NAME = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))

WORKERS = 8


class Handshake(NamedTuple):
    """The certificate that was served for a name, or the problem. ``refused`` means that no site has this name."""

    certificate: X509Certificate | None
    refused: bool = False
    problem: str = ""


class Lookup(NamedTuple):
    """The DNS result for a name; ``exists`` is None if the DNS could not be queried."""

    exists: bool | None
    addresses: tuple[str, ...] = ()
    problem: str = ""


class TlsClient(Protocol):
    """A client of the edge for TLS."""

    def handshake(self, name: str, key_type: str | None = None) -> Handshake:
        """Connect over TLS with the server name ``name``.

        :param key_type: accept certificates with this type of key only; see :func:`.connections.client_context`.
        """
        raise NotImplementedError


class EdgeClient(TlsClient, Protocol):
    """A client of the edge, with the requests of the ACME server."""

    def lookup(self, name: str) -> Lookup:
        """Resolve a name on this host, including its hosts file."""
        raise NotImplementedError

    def get(self, name: str, path: str) -> tuple[int, bytes]:
        """Status and start of the body of ``http://name/path``; raises ``OSError`` without a response."""
        raise NotImplementedError


class LoopbackClient:
    """The nginx of this host, on loopback; its responses are compared, but not verified."""

    def __init__(
        self,
        address: str = LOOPBACK,
        http_port: int = HTTP_PORT,
        https_port: int = HTTPS_PORT,
        sockets: Mapping[str, tuple[str, int, str]] | None = None,
    ) -> None:
        """See the class.

        :param sockets: name -> address, port and server name to ask for, for names that are served elsewhere.
        """
        self.address = address
        self.http_port = http_port
        self.https_port = https_port
        self.sockets = sockets or {}

    def lookup(self, name: str) -> Lookup:
        try:
            found = socket.getaddrinfo(name, self.http_port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            return Lookup(False if error.errno in _NO_SUCH_NAME else None, problem=error.strerror or str(error))
        except UnicodeError as error:
            return Lookup(None, problem=str(error))
        return Lookup(True, tuple(dict.fromkeys(str(one[4][0]) for one in found)))

    def handshake(self, name: str, key_type: str | None = None) -> Handshake:
        address, port, asked = self.sockets.get(name, (self.address, self.https_port, name))
        try:
            with connect_tls((address, port), server_name(asked), _PATIENCE, key_type) as secured:
                served = secured.getpeercert(binary_form=True)
        except ssl.SSLError as error:
            return Handshake(None, is_refusal(error), f"the handshake failed ({error.reason or error})")
        except OSError as error:
            return Handshake(None, problem=f"{address}:{port} does not answer ({error})")
        try:
            return Handshake(parse_der(served)) if served else Handshake(None, problem="no certificate was served")
        except EdgeError as error:
            return Handshake(None, problem=error.message)

    def get(self, name: str, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.address, self.http_port, timeout=_PATIENCE)
        try:
            connection.request("GET", path, headers={"Host": name})
            answer = connection.getresponse()
            return answer.status, answer.read(4096)
        except http.client.HTTPException as error:
            raise OSError(f"no HTTP answer ({error!r})") from error
        finally:
            connection.close()


def handshake_for(edge: TlsClient, names: tuple[str, ...], on_disk: X509Certificate | None = None) -> Handshake:
    """The handshake for the first of the names that a site has.

    :param on_disk: the certificate that should be served. If another type of key is served, the site may have both.
    """
    last = Handshake(None, refused=True, problem="has no names")
    for name in names:
        last = edge.handshake(name)
        if last.refused:
            continue
        if last.certificate and on_disk and last.certificate.key_type != on_disk.key_type:
            limited = edge.handshake(name, on_disk.key_type)
            return limited if limited.certificate else last
        break
    return last


@dataclass(frozen=True)
class Observation:
    """A certificate on disk, and the certificate that is served for its names."""

    name: str
    names: tuple[str, ...]
    on_disk: X509Certificate | None
    damage: str
    handshake: Handshake

    @property
    def current(self) -> bool:
        """Whether nginx serves the certificate on disk."""
        return self.on_disk is not None and self.handshake.certificate == self.on_disk

    @property
    def stale(self) -> bool:
        """Whether nginx serves a different certificate; names that no site has do not count."""
        return not self.current and not self.handshake.refused

    @property
    def problem(self) -> str:
        """Why nginx does not serve the certificate on disk, in one line; empty if it does."""
        if self.current:
            return ""
        if self.on_disk is None:
            return self.damage
        served = self.handshake.certificate
        if self.handshake.refused:
            return f"no site of this edge uses a name of this certificate ({', '.join(self.names)})"
        if served is None:
            return f"{self.handshake.problem}; on disk is serial {self.on_disk.serial}"
        return f"serves serial {served.serial} of {served.issuer}, but on disk is {self.on_disk.serial}"

    def as_result(self, now: datetime) -> dict[str, Any]:
        own, served = self.on_disk, self.handshake.certificate
        return {
            "name": self.name,
            "names": list(own.names if own else self.names),
            "issuer": own.issuer if own else None,
            "self_signed": own.is_self_signed if own else None,
            "serial": own.serial if own else None,
            "not_after": iso(own.not_after) if own else None,
            "days_left": own.left(now).days if own else None,
            "served_serial": served.serial if served else None,
            "current": self.current,
            "problem": self.problem,
        }


def observe(
    look: Callable[[str], Observation],
    names: Sequence[str],
    *,
    timeout: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Observation]:
    """Observe every certificate, and retry the stale ones until they are current or ``timeout`` has passed."""
    end = clock() + timeout
    with ThreadPoolExecutor(WORKERS) as pool:
        seen = dict(zip(names, pool.map(look, names)))
        while clock() < end:
            stale = [name for name, observation in seen.items() if observation.stale]
            if not stale:
                break
            sleep(0.5)
            seen.update(zip(stale, pool.map(look, stale)))
    return [seen[name] for name in names]


def observe_wanted(
    host: Host, edge: TlsClient, folders: Folders, wanted: Sequence[Wanted], *, timeout: float = 0.0
) -> list[Observation]:
    """Observe requested certificates: the pair on disk, and what is served for the names of the plan.

    :param timeout: seconds to wait until nginx serves the pairs on disk.
    """
    names = {one.name: one.names for one in wanted}

    def look(name: str) -> Observation:
        try:
            on_disk, damage = read_pair(host, folders.link(name)).certificate, ""
        except (EdgeError, OSError) as error:
            on_disk, damage = None, str(error)
        return Observation(name, names[name], on_disk, damage, handshake_for(edge, names[name], on_disk))

    return observe(look, list(names), timeout=timeout)


def stale_names(seen: Sequence[Observation]) -> list[str]:
    """Names of the certificates for which nginx serves a different certificate than the one on disk."""
    return [one.name for one in seen if one.stale]
