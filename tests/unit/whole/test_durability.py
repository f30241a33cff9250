# SPDX-License-Identifier: GPL-3.0-or-later
"""What the power takes: nothing becomes live before all of it, and the names that lead to it, are on the disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import ORIGINAL, live_name
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.certificates import (
    FEW,
    decide_all,
    install_all,
)
from ansible_collections.hardened.nginx_edge.tests.unit.decided import NOW, SELF
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import EdgeHost


class Volatile(LocalHost):
    """Knows which files, and which directories' names, a power failure would take."""

    volatile: set[str]

    def write(
        self, path: str, data: bytes, mode: int = 0o640, *, durable: bool = True, readers: str | None = None
    ) -> None:
        super().write(path, data, mode, durable=durable, readers=readers)
        self.volatile.add(os.path.dirname(path))
        if not durable:
            self.volatile.add(path)

    def sync_filesystem(self, path: str) -> None:
        self.volatile.clear()

    def fsync_dir(self, path: str) -> None:
        self.volatile.discard(path)

    def rename(self, source: str, destination: str) -> None:
        super().rename(source, destination)
        moved = {path for path in self.volatile if path == source or path.startswith(f"{source}/")}
        self.volatile -= moved
        self.volatile |= {destination + path[len(source) :] for path in moved} | {os.path.dirname(destination)}


class VolatileHost(Volatile, EdgeHost):
    """Remembers what was volatile when a generation became live."""

    def __init__(self, root: Path) -> None:
        self.volatile = set()
        self.at_switch: list[set[str]] = []
        super().__init__(root)

    def rename(self, source: str, destination: str) -> None:
        if destination == self.layout.conf:
            self.at_switch.append({path for path in self.volatile if path.startswith(self.layout.generations)})
        super().rename(source, destination)


def content(name: str) -> Content:
    return Content({"nginx.conf": f"# @GENERATION@\n{name}\n", "sites/a.conf": "a\n"}, name, 8090, "0.1.0")


@pytest.fixture
def host(tmp_path: Path) -> VolatileHost:
    return VolatileHost(tmp_path)


def test_nothing_volatile_is_made_live(host: VolatileHost) -> None:
    for name in ("aaaa", "bbbb"):
        deploy(host, host.layout, content(name), check=False, allow_restart=False)
        assert host.volatile == set(), "the switch itself is on the disk when the run goes on"
        reload_and_prove(host, host.layout, timeout=5, keep=3)
        assert host.volatile == set()
    assert host.at_switch == [set(), set()]


def test_the_way_back_is_on_the_disk_as_well(host: VolatileHost) -> None:
    deploy(host, host.layout, content("aaaa"), check=False, allow_restart=False)
    host.at_switch.clear()
    Path(host.layout.folder("aaaa"), "nginx.conf").write_text("refused at test", encoding="utf-8")
    with pytest.raises(Exception, match=f"rolled back to {ORIGINAL}"):
        reload_and_prove(host, host.layout, timeout=5, keep=3)
    assert (host.at_switch, host.volatile, live_name(host, host.layout)) == ([set()], set(), None)


class VolatilePairs(Volatile):
    """Remembers what was volatile when a link was switched."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self.volatile = set()
        self.linked: dict[str, set[str]] = {}
        self.syncs = 0

    def sync_filesystem(self, path: str) -> None:
        self.syncs += 1
        super().sync_filesystem(path)

    def rename(self, source: str, destination: str) -> None:
        folder, name = os.path.split(destination)
        if folder == self.folders.tls:
            self.linked[name] = {path for path in self.volatile if path.startswith(f"{folder}/")}
        super().rename(source, destination)


@pytest.mark.parametrize(("count", "syncs"), [(FEW, 0), (FEW + 1, 1)])
def test_no_link_leads_to_a_pair_that_the_power_would_take(tmp_path: Path, count: int, syncs: int) -> None:
    folders = Folders(str(tmp_path / "tls"), str(tmp_path / "letsencrypt"))
    host = VolatilePairs(folders)
    wanted = [replace(SELF, name=f"s{number}", names=(f"s{number}.example",)) for number in range(count)]
    install_all(host, folders, decide_all(host, folders, wanted, NOW))
    assert host.linked == {one.name: set() for one in wanted}
    assert host.volatile == set(), "the links themselves are on the disk when the run goes on"
    assert host.syncs == syncs


def test_what_is_durable_was_given_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    host = LocalHost()
    host.write(str(tmp_path / "file"), b"x")
    host.fsync_dir(str(tmp_path))
    assert synced == [str(tmp_path / "file"), str(tmp_path)]


def test_a_file_system_is_synced_by_the_program_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Sequence[str]] = []

    def run(argv: Sequence[str]) -> Completed:
        ran.append(argv)
        return Completed(argv, 1 if len(ran) > 1 else 0, "", "Input/output error")

    host = LocalHost()
    monkeypatch.setattr(host, "run", run)
    host.sync_filesystem(str(tmp_path))
    assert ran == [["sync", "--file-system", str(tmp_path)]]
    with pytest.raises(OSError, match="Input/output error"):
        host.sync_filesystem(str(tmp_path))
