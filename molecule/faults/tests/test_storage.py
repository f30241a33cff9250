# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are full or read-only, and things that stand where an edge writes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import GENERATIONS, Edge

ROOMS = range(0, 80, 4)
"""KiB that the full disk has left, block by block: a generation of this model takes about 52."""


@contextlib.contextmanager
def small_disk(edge: Edge) -> Iterator[None]:
    """The generations stand on a disk of one MiB; nginx, whose sandbox has its own mounts, is started again."""
    edge.sh(
        f"mkdir -p /mnt/small; mount -t tmpfs -o size=1m small /mnt/small; cp -a {GENERATIONS}/. /mnt/small;"
        f" mount --bind /mnt/small {GENERATIONS}; systemctl restart nginx"
    )
    try:
        yield
    finally:
        edge.sh(
            f"rm -f /mnt/small/filler; umount {GENERATIONS}; rm -rf {GENERATIONS}/*;"
            f" cp -a /mnt/small/. {GENERATIONS}; umount /mnt/small; systemctl restart nginx"
        )


def fill(edge: Edge, left: int) -> None:
    edge.sh(
        "rm -f /mnt/small/filler; room=$(df --output=avail -k /mnt/small | tail -1);"
        f" head -c $(( (room - {left}) * 1024 )) /dev/zero > /mnt/small/filler"
    )


def test_the_disk_is_full(edge: Edge, row: Callable[..., None]) -> None:
    told = []
    with small_disk(edge):
        for left in ROOMS:
            fill(edge, left)
            done = edge.change(f"written with {left} KiB left")
            state = edge.state()
            assert state.sound, done
            assert done.failures == ()
            if done.code:
                told.append(done.told)
                assert "No space left on device: '/etc/nginx/" in done.told
                assert state.served == "good", done
            else:
                break
        assert done.code == 0, done
        assert len(told) > 1, told
        edge.sh("rm -f /mnt/small/filler")
        assert edge.change("with room again").code == 0
    row(
        "the disk is full, with room for none to all but the last of the files",
        reports="failed: [Errno 28] No space left on device, and the file",
        during="no fresh request failed",
        after="the old generation",
        next_run="with room again, makes the change; then " + edge.again("with room again"),
        injected=len(told),
    )


def test_the_disk_is_read_only(edge: Edge, row: Callable[..., None]) -> None:
    edge.sh("mount --bind /etc/nginx /etc/nginx; mount -o remount,bind,ro /etc/nginx")
    try:
        done, reloaded, state = edge.change("never"), edge.do("reload"), edge.state()
    finally:
        edge.sh("umount /etc/nginx")
    assert done.code == reloaded.code == 1
    assert "Read-only file system: '/etc/nginx/generations/" in done.told
    assert (state.served, state.sound, done.failures) == ("good", True, ())
    assert edge.change("writable again").code == 0
    row(
        "the disk is read-only",
        reports=done.line,
        during="no fresh request failed",
        after="the old generation",
        next_run="on a writable disk, makes the change",
    )


def test_links_and_folders_stand_where_an_edge_writes(edge: Edge, row: Callable[..., None]) -> None:
    assert edge.change("planted").code == 0
    name = edge.state().live
    for text in ("older", "good"):
        assert edge.change(text).code == 0
    edge.sh(
        "rm -rf /root/victim; mkdir -p /root/victim/folder; echo mine > /root/victim/file; cd /etc/nginx;"
        f" rm -r generations/{name}; ln -s /root/victim/folder generations/{name};"
        " ln -s /root/victim/file .nginx.conf.switch; mkdir -p generations/.running.switch/full"
    )
    done = edge.change("planted")
    assert done.code == 0, done
    assert edge.state().served == "planted"
    assert edge.sh("cd /root/victim; find . | sort; cat file") == ".\n./file\n./folder\nmine\n"
    row(
        "links and folders stand where temporary files and the generation are written",
        reports=done.line,
        during="no fresh request failed",
        after="the new generation; what the links led to is untouched",
        next_run=edge.again("planted"),
        injected=3,
    )


def test_a_link_stands_where_the_lock_is(edge: Edge, row: Callable[..., None]) -> None:
    edge.sh("rm -f /run/nginx-edge.lock; ln -s /root/planted /run/nginx-edge.lock")
    done, state = edge.change("never"), edge.state()
    assert (done.code, state.served, state.sound) == (1, "good", True)
    assert "'/run/nginx-edge.lock'" in done.told
    edge.sh("test ! -e /root/planted; rm /run/nginx-edge.lock")
    assert edge.change("good").code == 0
    row(
        "a link stands where the lock is",
        reports=done.line,
        during="no fresh request failed",
        after="the old generation",
        next_run="without the link, makes the change",
    )


def test_nginx_conf_is_a_directory(edge: Edge, row: Callable[..., None]) -> None:
    edge.sh("cd /etc/nginx; mv nginx.conf /root/link; mkdir nginx.conf")
    try:
        done, state = edge.change("never"), edge.state()
    finally:
        edge.sh("cd /etc/nginx; rm -r nginx.conf; mv /root/link nginx.conf")
    assert (done.code, state.served, done.failures) == (1, "good", ())
    assert "Is a directory: '/etc/nginx/nginx.conf'" in done.told
    assert edge.change("without the folder").code == 0
    row(
        "nginx.conf is a directory",
        reports=done.line,
        during="no fresh request failed",
        after="the old generation, from memory",
        next_run="without the directory, makes the change",
    )
