# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults for unit tests: a host on which effect number k goes wrong, for every k."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost


class Death(BaseException):
    """The process is killed: nothing after it happens, not even an ``except`` or ``finally`` of the core's."""


EFFECTS = (
    "run",
    "run_nginx",
    "mkdir",
    "write",
    "set_attributes",
    "sync_filesystem",
    "fsync_dir",
    "symlink",
    "rename",
    "remove",
    "lock",
)

Effect = Callable[[], Any]
Fault = Callable[[str, Effect], Any]
"""What happens in the place of an effect: gets its name and the effect itself, and may raise."""


class FaultyHost:
    """Passes everything on to a host, but effect number ``at`` (from 0; -1 is none) goes wrong."""

    def __init__(self, host: LocalHost, at: int, fault: Fault) -> None:
        self._host = host
        self._at = at
        self._fault = fault
        self._dead = False
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._host, name)
        return self._counted(name, method) if name in EFFECTS else method

    def _counted(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if self._dead:
                raise Death(name)
            number, self.count = self.count, self.count + 1
            if number != self._at:
                return method(*arguments, **options)
            try:
                return self._fault(name, lambda: method(*arguments, **options))
            except Death:
                self._dead = True
                raise

        return call


def die(name: str, _effect: Effect) -> None:
    """Killed before the effect."""
    raise Death(name)


def die_behind(name: str, effect: Effect) -> None:
    """Killed after the effect, before it was reported."""
    effect()
    raise Death(name)


def refuse(name: str, _effect: Effect) -> None:
    """The disk is full, and no program can be started."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)


def read_only(name: str, effect: Effect) -> Any:
    """The filesystem turned read-only: what runs still runs."""
    if name in ("run", "run_nginx"):
        return effect()
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), name)


def break_program(name: str, _effect: Effect) -> Any:
    """A program is killed by a signal; the disk fails with an I/O error."""
    if name in ("run", "run_nginx"):
        return Completed(("killed",), -9, "", "")
    raise OSError(errno.EIO, os.strerror(errno.EIO), name)


FAULTS: tuple[tuple[str, Fault], ...] = (
    ("killed before", die),
    ("killed behind", die_behind),
    ("disk full", refuse),
    ("read-only", read_only),
    ("program killed or I/O error", break_program),
)


@contextlib.contextmanager
def survived() -> Iterator[None]:
    """Whatever the fault became in the core, the test goes on."""
    with contextlib.suppress(Exception, Death):
        yield
