# SPDX-License-Identifier: GPL-3.0-or-later
"""A full disk, with room for one more block each time: a run changes the edge and proves it, or changes nothing."""

from __future__ import annotations

import errno
import math
import os
from pathlib import Path

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import (
    ROOM,
    live_name,
    running_name,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import EdgeHost

BLOCK = 4096


class FullHost(EdgeHost):
    """A machine whose disk has so many blocks left; ``None`` is enough."""

    def __init__(self, root: Path) -> None:
        self.left: int | None = None
        super().__init__(root)

    def write(
        self, path: str, data: bytes, mode: int = 0o640, *, durable: bool = True, readers: str | None = None
    ) -> None:
        if self.left is not None:
            self.left -= math.ceil(len(data) / BLOCK)
            if self.left < 0:
                self.left = 0
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        super().write(path, data, mode, durable=durable)

    def remove(self, path: str) -> None:
        if self.left is not None and os.path.isfile(path) and not os.path.islink(path):
            self.left += math.ceil(Path(path).stat().st_size / BLOCK)
        super().remove(path)


def content(name: str) -> Content:
    return Content({"nginx.conf": f"# @GENERATION@\n{name}\n", "sites/a.conf": "a\n"}, name, 8090, "0.1.0")


def run(host: FullHost, name: str) -> bool:
    """Whether a change, as a play makes it, found room."""
    try:
        deploy(host, host.layout, content(name), check=False, allow_restart=False)
    except OSError:
        return False
    reload_and_prove(host, host.layout, timeout=5, keep=3)
    return True


def test_a_full_disk_stops_a_change_before_the_switch_or_not_at_all(tmp_path: Path) -> None:
    outcomes = []
    for left in range(20):
        host = FullHost(tmp_path / str(left))
        assert run(host, "aaaa")
        host.left = left
        outcomes.append(run(host, "bbbb"))
        name = "bbbb" if outcomes[-1] else "aaaa"
        assert (live_name(host, host.layout), running_name(host, host.layout), host.answers) == (name,) * 3, left
    assert outcomes == sorted(outcomes)
    assert outcomes.count(False) > 2
    assert outcomes[-1]


def test_the_room_is_given_back(tmp_path: Path) -> None:
    host = FullHost(tmp_path)
    run(host, "aaaa")
    assert not host.exists(f"{host.layout.folder('aaaa')}/{ROOM}")
