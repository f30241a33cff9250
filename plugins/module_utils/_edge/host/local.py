# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effects on the host that this process runs on."""

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
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus

from .host import Attributes
from .programs import Completed, limit_of_open_files, run_program, umask

PRIVATE = 0o077
"""The umask of nginx's unit: only its own account can access the files that nginx creates."""
MOST_READ = 1 << 20
"""Bytes that are read of a log."""


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

    def modified(self, path: str) -> float | None:
        try:
            return os.stat(path).st_mtime
        except (FileNotFoundError, NotADirectoryError):
            return None

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

    def get(self, url: str, timeout: float = 1.0) -> str | None:
        # urllib creates a context for HTTPS for each request, which takes 24 ms, and uses the proxy of the environment.
        found = urllib.parse.urlsplit(url)
        try:
            with contextlib.closing(http.client.HTTPConnection(found.netloc, timeout=timeout)) as connection:
                connection.request("GET", urllib.parse.urlunsplit(("", "", found.path or "/", found.query, "")))
                answer = connection.getresponse()
                return answer.read().decode(errors="replace") if answer.status == HTTPStatus.OK else None
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
