# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of a configuration, the processes that hold them, and whether a reload can bind them.

nginx reports success for a reload that could not bind a socket, so the sockets are checked before.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..host.host import Host

_TCP_LISTEN_STATE = "0A"
_TABLES = (("tcp", False), ("tcp6", False), ("udp", True), ("udp6", True))


class Listener(NamedTuple):
    """A listening socket; the wildcards are ``0.0.0.0`` and ``::``."""

    address: str
    port: int
    udp: bool

    @property
    def is_wildcard(self) -> bool:
        """Whether it accepts connections to all addresses of its family."""
        return ipaddress.ip_address(self.address).is_unspecified

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{self.port}/{'udp' if self.udp else 'tcp'}"


NO_IPV6 = "; this host has no IPv6: set edge_ipv6: false"


class Conflict(NamedTuple):
    """Why nginx cannot load a configuration by a reload. ``needs_restart``: a restart can load it."""

    message: str
    needs_restart: bool


def listeners_by_inode(host: Host) -> dict[str, Listener]:
    """All listening sockets of the host by inode, as in the file descriptors of processes."""
    found = {}
    for table, udp in _TABLES:
        for line in (host.read(f"/proc/net/{table}") or b"").decode().splitlines()[1:]:
            fields = line.split()
            if udp or fields[3] == _TCP_LISTEN_STATE:
                address, _separator, port = fields[1].partition(":")
                found[fields[9]] = Listener(_address(address), int(port, 16), udp)
    return found


def _address(hexadecimal: str) -> str:
    """An address from /proc/net/tcp, which consists of 32-bit words in the byte order of the machine."""
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
    """The sockets that nginx cannot bind, and why.

    :param master: process ID of the running nginx master, whose sockets a reload inherits; None if none runs.
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
            cause = NO_IPV6 if _lacks_ipv6(host, listener) else _holder(host, listener, sockets)
            found.append(Conflict(f"{listener} cannot be bound: {reason}{cause}", needs_restart=False))
    return found


def _lacks_ipv6(host: Host, listener: Listener) -> bool:
    return ":" in listener.address and not host.read("/proc/net/if_inet6")


def _bound(wanted: set[Listener]) -> set[Listener]:
    """The listeners without addresses that a wildcard listener includes: nginx opens only one socket for both."""
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
    """The sockets of a process; none if this process has no permission to read them."""
    try:
        descriptors = host.listdir(f"/proc/{pid}/fd")
    except PermissionError:
        return set()
    return {(host.readlink(f"/proc/{pid}/fd/{descriptor}") or "")[8:-1] for descriptor in descriptors}
