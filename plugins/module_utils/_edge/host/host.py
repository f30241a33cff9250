# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All effects of the core on the host that it runs on, in one small protocol.

The core uses :class:`Host`. Modules pass a :class:`.local.LocalHost`; unit tests pass a host that fails or stops at
effect number k, for every k. Paths are absolute strings.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from .programs import Completed

__all__ = ["Attributes", "Completed", "Host", "replace_file", "switch_symlink"]


class Attributes(NamedTuple):
    """Permissions (as of chmod), user and group of a file; the numbers of the operating system."""

    mode: int
    uid: int
    gid: int


class Host(Protocol):
    """Effects on a host. Each method raises ``OSError`` if the operating system reports an error."""

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout: float = 120.0,
    ) -> Completed:
        """Run a program without a shell, in the C locale; ``env`` is added to the environment; ``timeout`` in seconds.

        Code 127 means that the program does not exist, 124 that it did not finish in time.
        """

    def run_nginx(self, argv: Sequence[str], *, open_files: int | None) -> Completed:
        """Run the nginx program with the umask and the limit of open files of its unit.

        :param open_files: limit of open files; None means the hard limit of this process.
        """

    def read(self, path: str) -> bytes | None:
        """The bytes of a regular file, or None if there is no such file."""

    def size(self, path: str) -> int:
        """Size of a file in bytes; 0 if there is no such file."""

    def read_from(self, path: str, position: int) -> bytes:
        """What was added to a file after ``position``, at most the first :data:`MOST_READ` bytes. A shorter file was
        replaced, and is read from its start; a missing file is empty."""

    def listdir(self, path: str) -> list[str]:
        """Sorted names in a directory; empty if there is no such directory."""

    def readlink(self, path: str) -> str | None:
        """The target of a symbolic link, or None if ``path`` is not one."""

    def exists(self, path: str) -> bool:
        """Whether ``path`` exists; a dangling link counts."""

    def attributes(self, path: str) -> Attributes | None:
        """The attributes of a file, or None if there is no such file; follows links."""

    def modified(self, path: str) -> float | None:
        """Time of the last modification of a file in seconds since the epoch, or None if there is no such file."""

    def set_attributes(self, path: str, attributes: Attributes) -> None:
        """Set the attributes of a file; follows links."""

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        """Create a directory and its missing parents; an existing directory is not changed."""

    def write(
        self, path: str, data: bytes, mode: int = 0o640, *, durable: bool = True, readers: str | None = None
    ) -> None:
        """Write a new file; raises ``FileExistsError`` for an existing file or link.

        Only root and the group of the file can read it, unless ``mode`` allows more.

        ``durable`` calls fsync; for many files, call :meth:`sync_filesystem` once at the end instead.
        ``readers`` is an account whose group becomes the group of the file; default is the group of the process.
        """

    def sync_filesystem(self, path: str) -> None:
        """Make all data that was written to the file system of ``path`` durable."""

    def fsync_dir(self, path: str) -> None:
        """Make the names in a directory durable."""

    def symlink(self, target: str, path: str) -> None:
        """Create a symbolic link; an existing name is an error."""

    def rename(self, source: str, destination: str) -> None:
        """rename(2): atomic, replaces a file or link at ``destination``."""

    def remove(self, path: str) -> None:
        """Remove a file, a link, or a directory with its contents. Ignores a missing path; does not follow links."""

    def lock(self, path: str, timeout: float) -> AbstractContextManager[None]:
        """Hold an exclusive lock; raises ``TimeoutError`` if another process holds it for ``timeout`` seconds."""

    def try_bind(self, address: str, port: int, *, udp: bool) -> str | None:
        """Bind a socket and close it; returns None on success, or the error of the operating system."""

    def get(self, url: str, timeout: float = 1.0) -> str | None:
        """Body of a 200 response to an HTTP request on this host; None for any other response, or without one.

        :param timeout: seconds for each step.
        """

    def now(self) -> float:
        """Seconds since the epoch, by a clock that may be adjusted."""

    def monotonic(self) -> float:
        """Seconds by a clock that is never adjusted, to measure durations."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


def switch_symlink(host: Host, target: str, path: str, *, durable: bool = True) -> None:
    """Make ``path`` a link to ``target`` by one rename(2), so that readers always see either the old or the new target.

    A file at ``path`` is replaced as well. The temporary link is created in the same directory, because rename must not
    cross file systems. A temporary link of an interrupted run is removed first.

    :param durable: make the new name durable; for many links, call :meth:`Host.fsync_dir` once at the end instead.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.switch")
    host.remove(temporary)
    host.symlink(target, temporary)
    host.rename(temporary, path)
    if durable:
        host.fsync_dir(folder)


def replace_file(host: Host, path: str, data: bytes, mode: int = 0o640, *, readers: str | None = None) -> None:
    """Write ``data`` to ``path`` by one rename(2); an existing file or link is replaced.

    :param readers: account whose group becomes the group of the file.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.switch")
    host.remove(temporary)
    host.write(temporary, data, mode, readers=readers)
    host.rename(temporary, path)
    host.fsync_dir(folder)
