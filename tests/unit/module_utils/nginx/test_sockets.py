# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets as configurations write them, as the kernel lists them, and conflicts between real ones."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Facts
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import needs_restart
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Layout
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.sockets import (
    Listener,
    conflicts,
    held_by,
    listeners_by_inode,
)

NOWHERE = Layout(root="/nowhere")
HOST = LocalHost()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of loopback that this very process listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_the_kernel_lists_our_own_socket(taken: int) -> None:
    assert Listener("127.0.0.1", taken, False) in held_by(HOST, os.getpid(), listeners_by_inode(HOST))


def test_a_taken_port_is_told_with_its_holder(taken: int) -> None:
    (found,) = conflicts(HOST, [Listener("127.0.0.1", taken, False)], master=None)
    assert f"127.0.0.1:{taken}/tcp cannot be bound: Address already in use" in found.message
    assert f"process {os.getpid()})" in found.message
    assert found.needs_restart is False


def test_a_process_that_hides_its_files_is_passed_over(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real = LocalHost.listdir

    def listdir(host: LocalHost, path: str) -> list[str]:
        if path == f"/proc/{os.getpid()}/fd":
            raise PermissionError(path)
        return real(host, path)

    monkeypatch.setattr(LocalHost, "listdir", listdir)
    (found,) = conflicts(HOST, [Listener("127.0.0.1", taken, False)], master=None)
    assert found.message.endswith("Address already in use")


def test_what_the_master_holds_is_no_conflict(taken: int) -> None:
    assert conflicts(HOST, [Listener("127.0.0.1", taken, False)], master=os.getpid()) == []


def test_a_move_between_address_and_wildcard_takes_a_restart(taken: int) -> None:
    facts = Facts((Listener("0.0.0.0", taken, False),))
    with pytest.raises(EdgeError, match=f"nginx listens on 127.0.0.1:{taken}/tcp and cannot change") as caught:
        needs_restart(HOST, NOWHERE, facts, os.getpid(), allow_restart=False)
    assert caught.value.details == ("set edge_allow_restart: true to let this run restart nginx",)
    assert needs_restart(HOST, NOWHERE, facts, os.getpid(), allow_restart=True) is True


def test_an_address_beside_its_wildcard_is_no_socket_of_its_own() -> None:
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))
        listening.listen()
        port = listening.getsockname()[1]
        wildcard, address = Listener("0.0.0.0", port, False), Listener("127.0.0.1", port, False)
        assert needs_restart(HOST, NOWHERE, Facts((wildcard, address)), os.getpid(), allow_restart=False) is False
        with pytest.raises(EdgeError, match=f"cannot change to 127.0.0.1:{port}/tcp"):
            needs_restart(HOST, NOWHERE, Facts((address,)), os.getpid(), allow_restart=False)


def test_a_stranger_is_in_the_way_whatever_is_allowed(taken: int) -> None:
    with pytest.raises(EdgeError, match="cannot be bound"):
        needs_restart(HOST, NOWHERE, Facts((Listener("127.0.0.1", taken, False),)), None, allow_restart=True)


def test_free_ports_need_nothing() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    assert (
        needs_restart(HOST, NOWHERE, Facts((Listener("127.0.0.1", free, False),)), None, allow_restart=False) is False
    )


class WithoutIpv6(LocalHost):
    """A host whose kernel has no IPv6."""

    def read(self, path: str) -> bytes | None:
        return None if path == "/proc/net/if_inet6" else super().read(path)

    def try_bind(self, address: str, port: int, *, udp: bool) -> str | None:
        return "Address family not supported by protocol" if ":" in address else None


def test_a_host_without_ipv6_is_told_what_to_set() -> None:
    wanted = [Listener("0.0.0.0", 80, False), Listener("::", 80, False)]
    (found,) = conflicts(WithoutIpv6(), wanted, master=None)
    assert found.message == (
        "[::]:80/tcp cannot be bound: Address family not supported by protocol; "
        "this host has no IPv6: set edge_ipv6: false"
    )
