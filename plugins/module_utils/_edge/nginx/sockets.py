# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sockets a configuration asks for, who holds them, and whether a reload can take them.

nginx reports success for a reload that could not bind, so everything is asked before.
"""

from __future__ import annotations

import ipaddress
import re
import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..host.host import Host

_LISTEN = re.compile(r"^\s*listen\s+([^;]+);", re.MULTILINE)
_TCP_LISTEN_STATE = "0A"
_TABLES = (("tcp", False), ("tcp6", False), ("udp", True), ("udp6", True))


class Listener(NamedTuple):
    """A listening socket; the wildcards are ``0.0.0.0`` and ``::``."""

    address: str
    port: int
    udp: bool

    @property
    def is_wildcard(self) -> bool:
        """Whether it takes connections to every address of its family."""
        return ipaddress.ip_address(self.address).is_unspecified

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{self.port}/{'udp' if self.udp else 'tcp'}"


class Conflict(NamedTuple):
    """Why nginx cannot listen where it should. ``needs_restart``: its own older socket is in the way."""

    message: str
    needs_restart: bool


def wanted_listeners(texts: Iterable[str]) -> set[Listener]:
    """All sockets that ``listen`` directives ask for; unix sockets and names are left to nginx."""
    found = set()
    for text in texts:
        for parameters in _LISTEN.findall(text):
            words = parameters.split()
            address, _separator, port = words[0].rpartition(":")
            if not port.isdigit():
                address, port = words[0], "80"
            address = address.strip("[]") or "0.0.0.0"  # noqa: S104 - it is what `listen 80` means
            if address == "*":
                address = "0.0.0.0"  # noqa: S104
            try:
                address = str(ipaddress.ip_address(address))
            except ValueError:
                continue
            found.add(Listener(address, int(port), "quic" in words or "udp" in words))
    return found


def tls_port(texts: Iterable[str]) -> int | None:
    """The port on which clients speak TLS, and no proxy in front of them; None when there is none."""
    for parameters in (words.split() for text in texts for words in _LISTEN.findall(text)):
        port = parameters[0].rpartition(":")[2]
        if "ssl" in parameters and "proxy_protocol" not in parameters and port.isdigit():
            return int(port)
    return None


def listeners_by_inode(host: Host) -> dict[str, Listener]:
    """All listening sockets of the host, by the inode that a process's file descriptors name."""
    found = {}
    for table, udp in _TABLES:
        for line in (host.read(f"/proc/net/{table}") or b"").decode().splitlines()[1:]:
            fields = line.split()
            if udp or fields[3] == _TCP_LISTEN_STATE:
                address, _separator, port = fields[1].partition(":")
                found[fields[9]] = Listener(_address(address), int(port, 16), udp)
    return found


def _address(hexadecimal: str) -> str:
    """An address of /proc/net/tcp: 32-bit words in the machine's byte order."""
    raw = bytes.fromhex(hexadecimal)
    words = struct.unpack(f"={len(raw) // 4}I", raw)
    return str(ipaddress.ip_address(struct.pack(f">{len(words)}I", *words)))


def held_by(host: Host, pid: int, sockets: Mapping[str, Listener]) -> set[Listener]:
    """The listening sockets that a process has open."""
    found = set()
    for descriptor in host.listdir(f"/proc/{pid}/fd"):
        target = host.readlink(f"/proc/{pid}/fd/{descriptor}") or ""
        if target.startswith("socket:[") and target[8:-1] in sockets:
            found.add(sockets[target[8:-1]])
    return found


def conflicts(host: Host, wanted: Iterable[Listener], master: int | None) -> list[Conflict]:
    """What keeps nginx from listening.

    :param master: process id of the running nginx master, whose sockets a reload inherits; None when none runs.
    """
    sockets = listeners_by_inode(host)
    own = held_by(host, master, sockets) if master is not None else set()
    found = []
    for listener in sorted(_bound(set(wanted)) - own):
        reason = host.try_bind(listener.address, listener.port, udp=listener.udp)
        if reason is None:
            continue
        rival = next((other for other in own if (other.port, other.udp) == (listener.port, listener.udp)), None)
        if rival is not None:
            message = f"nginx listens on {rival} and cannot change to {listener} by a reload"
            found.append(Conflict(message, needs_restart=True))
        else:
            found.append(
                Conflict(f"{listener} cannot be bound: {reason}{_holder(host, listener, sockets)}", needs_restart=False)
            )
    return found


def _bound(wanted: set[Listener]) -> set[Listener]:
    """Without the addresses whose wildcard is wanted too: nginx opens one socket for both."""
    wildcards = {(":" in one.address, one.port, one.udp) for one in wanted if one.is_wildcard}
    return {one for one in wanted if one.is_wildcard or (":" in one.address, one.port, one.udp) not in wildcards}


def _holder(host: Host, wanted: Listener, sockets: Mapping[str, Listener]) -> str:
    inodes = {inode for inode, other in sockets.items() if (other.port, other.udp) == (wanted.port, wanted.udp)}
    for pid in host.listdir("/proc"):
        if pid.isdigit() and inodes & _inodes_of(host, pid):
            name = (host.read(f"/proc/{pid}/comm") or b"?").decode().strip()
            return f" ({name}, process {pid})"
    return ""


def _inodes_of(host: Host, pid: str) -> set[str]:
    """The sockets of a process; none where it has more rights than this one, and so hides them."""
    try:
        descriptors = host.listdir(f"/proc/{pid}/fd")
    except PermissionError:
        return set()
    return {(host.readlink(f"/proc/{pid}/fd/{descriptor}") or "")[8:-1] for descriptor in descriptors}
