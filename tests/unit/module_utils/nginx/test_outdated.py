# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that nginx runs and that an upgrade has replaced, from a memory map of a real nginx."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.outdated import outdated_files

MAPS = """\
5581fa5e9000-5581fa615000 r--p 00000000 fe:01 131845             /usr/sbin/nginx
5581fa615000-5581fa6ee000 r-xp 0002c000 fe:01 131845             /usr/sbin/nginx
5581fb0c1000-5581fb1d5000 rw-p 00000000 00:00 0                  [heap]
7f3b2c000000-7f3b2ca00000 rw-s 00000000 00:01 1026               /dev/zero (deleted)
7f3b2d0b2000-7f3b2d3a5000 r-xp 000c8000 fe:01 139271             /usr/lib/x86_64-linux-gnu/libcrypto.so.3 (deleted)
7f3b2d3a5000-7f3b2d477000 r--p 003bb000 fe:01 139271             /usr/lib/x86_64-linux-gnu/libcrypto.so.3 (deleted)
7f3b2d60c000-7f3b2d665000 r-xp 0001e000 fe:01 139272             /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)
7f3b2d665000-7f3b2d687000 r-xp 0007a000 fe:01 139272             /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)
7f3b2d7f0000-7f3b2d7f2000 r-xp 00000000 00:00 0                  [vdso]
"""
LIBRARIES = ["/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "/usr/lib/x86_64-linux-gnu/libssl.so.3"]


class MappedHost(LocalHost):
    def __init__(self, maps: str | None) -> None:
        self.maps = maps

    def read(self, path: str) -> bytes | None:
        assert path == "/proc/7/maps"
        if self.maps == "denied":
            raise PermissionError(13, "Permission denied", path)
        return None if self.maps is None else self.maps.encode()


def test_replaced_libraries_are_named_once_and_zones_are_not() -> None:
    assert outdated_files(MappedHost(MAPS), 7) == LIBRARIES


def test_a_replaced_program_is_named() -> None:
    maps = MAPS.replace("/usr/sbin/nginx", "/usr/sbin/nginx (deleted)")
    assert outdated_files(MappedHost(maps), 7) == [*LIBRARIES, "/usr/sbin/nginx"]


def test_files_on_disk_are_not_outdated() -> None:
    kept = "".join(line for line in MAPS.splitlines(keepends=True) if "/usr/lib" not in line)
    assert outdated_files(MappedHost(kept), 7) == []


@pytest.mark.parametrize(("maps", "master"), [("denied", 7), (None, 7), (MAPS, None)])
def test_what_cannot_be_read_is_unknown(maps: str | None, master: int | None) -> None:
    assert outdated_files(MappedHost(maps), master) is None


def test_the_kernel_marks_a_replaced_file(tmp_path: Path) -> None:
    """A running program is replaced in the way of dpkg: by a new file and a rename."""
    program = tmp_path / "sleep"
    shutil.copy2(shutil.which("sleep") or "", program)
    with subprocess.Popen([str(program), "60"]) as process:
        try:
            # The kernel maps the program a moment after the new process has begun.
            while str(program) not in Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8"):
                assert process.poll() is None
            assert outdated_files(LocalHost(), process.pid) == []
            shutil.copy2(program, tmp_path / "new")
            (tmp_path / "new").rename(program)
            assert outdated_files(LocalHost(), process.pid) == [str(program)]
        finally:
            process.kill()
