# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the edge really serves, asked over the network of the host itself: certificates by handshake, files by HTTP."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, NamedTuple, Protocol

from ..host.paths import HTTP_PORT, HTTPS_PORT
from .x509 import X509Certificate, iso, parse_der

_PATIENCE = 5.0
_NO_SUCH_NAME = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))

WORKERS = 8


class Handshake(NamedTuple):
    """The certificate that was served for a name; or none, and why. ``refused`` means: no site has this name."""

    certificate: X509Certificate | None
    refused: bool = False
    problem: str = ""


class Lookup(NamedTuple):
    """What the DNS says of a name; ``exists`` is None when nobody could be asked."""

    exists: bool | None
    addresses: tuple[str, ...] = ()
    problem: str = ""


class TlsClient(Protocol):
    """The edge as TLS clients see it."""

    def handshake(self, name: str) -> Handshake:
        """Ask for ``name`` over TLS."""
        raise NotImplementedError


class EdgeClient(TlsClient, Protocol):
    """The edge as its clients and the authority see it."""

    def lookup(self, name: str) -> Lookup:
        """Look a name up as this host does, its own files included."""
        raise NotImplementedError

    def get(self, name: str, path: str) -> tuple[int, bytes]:
        """Status and start of the body of ``http://name/path``; ``OSError`` when nothing answers."""
        raise NotImplementedError


class LoopbackClient:
    """The nginx on this machine, on loopback; nothing it says is trusted, it is only compared."""

    def __init__(self, address: str = "127.0.0.1", http_port: int = HTTP_PORT, https_port: int = HTTPS_PORT) -> None:
        self.address = address
        self.http_port = http_port
        self.https_port = https_port

    def lookup(self, name: str) -> Lookup:
        try:
            found = socket.getaddrinfo(name, self.http_port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            return Lookup(False if error.errno in _NO_SUCH_NAME else None, problem=error.strerror or str(error))
        except UnicodeError as error:
            return Lookup(None, problem=str(error))
        return Lookup(True, tuple(dict.fromkeys(str(one[4][0]) for one in found)))

    def handshake(self, name: str) -> Handshake:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            place = (self.address, self.https_port)
            with (
                socket.create_connection(place, timeout=_PATIENCE) as plain,
                context.wrap_socket(plain, server_hostname=server_name(name)) as secured,
            ):
                served = secured.getpeercert(binary_form=True)
        except ssl.SSLError as error:
            refused = "UNRECOGNIZED_NAME" in (error.reason or "")
            return Handshake(None, refused, f"the handshake failed ({error.reason or error})")
        except OSError as error:
            return Handshake(None, problem=f"{self.address}:{self.https_port} does not answer ({error})")
        return Handshake(parse_der(served)) if served else Handshake(None, problem="no certificate was served")

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


def server_name(name: str) -> str | None:
    """The name to ask for: one below a wildcard, and none for an address (TLS has no way to ask for that)."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return f"probe.{name[2:]}" if name.startswith("*.") else name
    return None


def handshake_for(edge: TlsClient, names: tuple[str, ...]) -> Handshake:
    """What is served for the first of the names that a site has."""
    last = Handshake(None, refused=True, problem="has no names")
    for name in names:
        last = edge.handshake(name)
        if not last.refused:
            break
    return last


@dataclass(frozen=True)
class Observation:
    """A certificate on disk beside what is served for its names."""

    name: str
    names: tuple[str, ...]
    on_disk: X509Certificate | None
    damage: str
    handshake: Handshake

    @property
    def current(self) -> bool:
        """Whether clients get what is on disk."""
        return self.on_disk is not None and self.handshake.certificate == self.on_disk

    @property
    def stale(self) -> bool:
        """Whether clients get something else than what is on disk; a name that no site has is no client's matter."""
        return not self.current and not self.handshake.refused

    @property
    def problem(self) -> str:
        """Why clients do not get what is on disk, in one line; empty when they do."""
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
    """Look at every certificate, and again at the stale ones until they are current or ``timeout`` has passed."""
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
