# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All effects of the core on the host that it runs on, in one small protocol.

The core uses :class:`Host`. Modules pass a :class:`LocalHost`; unit tests pass a host that fails or stops at effect
number k, for every k. Paths are absolute strings.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import http.client
import os
import pwd
import shutil
import socket
import stat
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import NamedTuple, Protocol

from .programs import Completed, limit_of_open_files, run_program, umask

__all__ = ["Attributes", "Completed", "Host", "LocalHost", "replace_file", "switch_symlink"]

PRIVATE = 0o077
"""The umask of nginx's unit: only its own account can access the files that nginx creates."""
MOST_READ = 1 << 20
"""Bytes that are read of a log."""


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

    def get(self, url: str) -> str | None:
        """Body of a 200 response to an HTTP request on loopback; None for any other response, or after one second."""

    def now(self) -> float:
        """Seconds since the epoch, by a clock that may be adjusted."""

    def monotonic(self) -> float:
        """Seconds by a clock that is never adjusted, to measure durations."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class LocalHost:
    """The host that this process runs on."""

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout: float = 120.0,
    ) -> Completed:
        return run_program(argv, env or {}, stdin, timeout)

    def run_nginx(self, argv: Sequence[str], *, open_files: int | None) -> Completed:
        with limit_of_open_files(open_files), umask(PRIVATE):
            return self.run(argv)

    def read(self, path: str) -> bytes | None:
        try:
            with open(path, "rb") as stream:
                return stream.read()
        except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
            return None  # a process may end while its files in /proc are read

    def size(self, path: str) -> int:
        try:
            return os.stat(path).st_size
        except FileNotFoundError:
            return 0

    def read_from(self, path: str, position: int) -> bytes:
        try:
            with open(path, "rb") as stream:
                stream.seek(position if position <= os.fstat(stream.fileno()).st_size else 0)
                return stream.read(MOST_READ)
        except FileNotFoundError:
            return b""

    def listdir(self, path: str) -> list[str]:
        try:
            return sorted(os.listdir(path))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def readlink(self, path: str) -> str | None:
        try:
            return os.readlink(path)
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        return os.path.lexists(path)

    def attributes(self, path: str) -> Attributes | None:
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Attributes(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)

    def set_attributes(self, path: str, attributes: Attributes) -> None:
        os.chown(path, attributes.uid, attributes.gid)
        os.chmod(path, attributes.mode)  # after chown, which clears bits of the mode

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        os.makedirs(path, mode=mode, exist_ok=True)

    def write(
        self, path: str, data: bytes, mode: int = 0o640, *, durable: bool = True, readers: str | None = None
    ) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with _naming(path), os.fdopen(descriptor, "wb") as stream:
            if readers is not None:
                os.fchown(descriptor, -1, _group_of(readers))
            os.fchmod(descriptor, mode)  # regardless of the umask
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(descriptor)

    def sync_filesystem(self, path: str) -> None:
        done = self.run(["sync", "--file-system", path])
        if done.code != 0:
            raise OSError(errno.EIO, done.stderr.strip(), path)

    def fsync_dir(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def symlink(self, target: str, path: str) -> None:
        os.symlink(target, path)

    def rename(self, source: str, destination: str) -> None:
        os.rename(source, destination)

    def remove(self, path: str) -> None:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    @contextlib.contextmanager
    def lock(self, path: str, timeout: float) -> Iterator[None]:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            end = time.monotonic() + timeout
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= end:
                        raise TimeoutError(errno.ETIMEDOUT, "held by another run", path) from None
                    time.sleep(0.2)
            yield
        finally:
            os.close(descriptor)  # this releases the lock

    def try_bind(self, address: str, port: int, *, udp: bool) -> str | None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            opened = socket.socket(family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
        except OSError as error:
            return error.strerror or str(error)  # a kernel without IPv6
        with opened as probe:
            if not udp:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # as nginx does
            try:
                probe.bind((address, port))
            except OSError as error:
                return error.strerror or str(error)
        return None

    def get(self, url: str) -> str | None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy for loopback
        try:
            with opener.open(url, timeout=1.0) as answer:
                return str(answer.read().decode(errors="replace")) if answer.status == HTTPStatus.OK else None
        except (OSError, http.client.HTTPException):
            return None

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@contextlib.contextmanager
def _naming(path: str) -> Iterator[None]:
    """Add the path to errors of writes, such as a full disk, for which Python does not report the file."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, error.strerror, path) from error
        raise


def _group_of(account: str) -> int:
    try:
        return pwd.getpwnam(account).pw_gid
    except KeyError as error:
        raise OSError(errno.ENOENT, "no such account", account) from error


def switch_symlink(host: Host, target: str, path: str) -> None:
    """Make ``path`` a link to ``target`` by one rename(2), so that readers always see either the old or the new target.

    A file at ``path`` is replaced as well. The temporary link is created in the same directory, because rename must not
    cross file systems. A temporary link of an interrupted run is removed first.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.switch")
    host.remove(temporary)
    host.symlink(target, temporary)
    host.rename(temporary, path)
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
