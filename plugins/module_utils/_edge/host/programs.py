# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs programs on this host."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, NamedTuple


class Completed(NamedTuple):
    """The result of a program: its exit code and its output (text; undecodable bytes are replaced)."""

    argv: Sequence[str]
    code: int
    stdout: str
    stderr: str


def run_program(argv: Sequence[str], env: Mapping[str, str], stdin: str, timeout: float) -> Completed:
    """Run a program; see :meth:`.host.Host.run`.

    The wait ends when the program exits. ``subprocess.run`` with a timeout sleeps up to 50 ms between its polls, which
    is most of the time of a short program.
    """
    environment: dict[str, str] = {**os.environ, "LC_ALL": "C", **env}
    # The PATH of an unprivileged login may lack the sbin directories, which contain nginx.
    environment["PATH"] = environment.get("PATH", "/usr/bin:/bin") + ":/usr/local/sbin:/usr/sbin:/sbin"
    # Files in memory instead of pipes, because a daemon that the program starts may keep its output open.
    with _memory(stdin.encode()) as given, _memory() as stdout, _memory() as stderr:
        late = threading.Event()
        try:
            # The command nginx-edge runs this too, without a module and its run_command.
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function,consider-using-with
                list(argv), stdin=given, stdout=stdout, stderr=stderr, env=environment
            )
        except FileNotFoundError:
            return Completed(argv, 127, "", f"{argv[0]}: command not found")

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(timeout, stop)
        timer.daemon = True
        timer.start()
        try:
            code = process.wait()
        finally:
            timer.cancel()
        if late.is_set():
            return Completed(argv, 124, "", f"{argv[0]}: not finished after {timeout:g} s")
        return Completed(argv, code, _text(stdout), _text(stderr))


@contextlib.contextmanager
def limit_of_open_files(wanted: int | None) -> Iterator[None]:
    """Temporarily set the soft limit of open files of this process and of the programs that it runs.

    :param wanted: the limit; None means the hard limit. The hard limit is raised if that is allowed.
    """
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if wanted is not None and wanted > hard:
        with contextlib.suppress(ValueError, OSError):  # a container may lack the capability
            resource.setrlimit(resource.RLIMIT_NOFILE, (before, wanted))
            hard = wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if wanted is None else min(wanted, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


@contextlib.contextmanager
def umask(mask: int) -> Iterator[None]:
    """Temporarily set the umask of this process."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def _memory(content: bytes = b"") -> IO[bytes]:
    stream = os.fdopen(os.memfd_create("output"), "w+b")
    stream.write(content)
    stream.seek(0)
    return stream


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")
