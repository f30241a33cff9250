# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults for unit tests: a host on which effect number k goes wrong, for every k."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.hardened.nginx_edge.plugins.module_utils.edge.host import LocalHost


class Death(BaseException):
    """The process is killed: nothing after it happens, not even an ``except`` or ``finally`` of the core's."""


EFFECTS = ("run", "mkdir", "write", "sync_filesystem", "fsync_dir", "symlink", "rename", "remove", "lock")


class FaultyHost:
    """Passes everything on to a host, but effect number ``at`` (from 0) goes wrong.

    :param fault: what happens there: raises, or returns True when the effect happened and the process died behind it.
    """

    def __init__(self, host: LocalHost, at: int, fault: Callable[[str], None]) -> None:
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
            if number == self._at:
                self._fail(name)
            return method(*arguments, **options)

        return call

    def _fail(self, name: str) -> None:
        try:
            self._fault(name)
        except Death:
            self._dead = True
            raise


def die(name: str) -> None:
    """The fault of being killed before the effect."""
    raise Death(name)


def refuse(name: str) -> None:
    """The fault of a machine that says no."""
    raise OSError(28, "No space left on device", name)


@contextlib.contextmanager
def survived() -> Iterator[None]:
    """Whatever the fault became in the core, the test goes on."""
    with contextlib.suppress(Exception, Death):
        yield
