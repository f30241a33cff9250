# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The restoration of the configuration that a host had before its first generation.

Its files are restored to their former paths and tested there by nginx. The live generation does not read them, because
its includes are absolute paths into its own directory. Then ``nginx.conf`` is replaced by one rename. The sandbox of
the role nginx is removed as well, because it hides directories such as ``/home`` that the former sites may need; this
requires a restart of nginx, which ends its connections. If nginx does not run the configuration, everything is put
back.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..host.errors import EdgeError
from ..host.host import Host, replace_file
from ..host.paths import Layout
from ..nginx.service import master_pid, runs_systemd
from .earlier import facts_in
from .original import Copied, Replaced, differing, put, read_copied, restore, texts, undo
from .reload import check_original, needs_restart, prove
from .store import ORIGINAL, live_name, read_manifest, running_name, switch
from .transaction import Deployment, locked, roll_back


def go_back(host: Host, layout: Layout, to: str | None, *, check: bool, timeout: float, keep: int) -> Deployment:
    """Roll back to an earlier generation, or to the original configuration.

    :param to: :data:`ORIGINAL`, or as for :func:`.transaction.roll_back`; likewise the other parameters and errors.
    """
    if to == ORIGINAL:
        return restore_original(host, layout, check=check, timeout=timeout)
    return roll_back(host, layout, to, check=check, timeout=timeout, keep=keep)


def restore_original(host: Host, layout: Layout, *, check: bool, timeout: float) -> Deployment:
    """Restore the original configuration and prove that nginx runs it.

    :param check: change nothing; nginx tests the configuration if none of its files has to be restored.
    :param timeout: seconds to wait for new workers.
    :raises EdgeError: there is no copy, or nginx does not run the configuration; the previous one is live again.
    """
    with locked(host, layout):
        copied, live = read_copied(host, layout), live_name(host, layout)
        wrong = differing(host, layout, copied)
        if live is None and running_name(host, layout) is None and not wrong and not host.exists(layout.sandbox):
            return Deployment(False, ORIGINAL, ORIGINAL, [])
        if check:
            told = [f"{one.path}: would be restored" for one in wrong]
            return Deployment(True, ORIGINAL, live, [], [*told, _verdict(host, layout, wrong)])
        _restore_locked(host, layout, copied, wrong, timeout)
        return Deployment(True, ORIGINAL, live, [], [f"{one.path}: was restored" for one in wrong])


def _verdict(host: Host, layout: Layout, wrong: Sequence[Copied]) -> str:
    """Whether nginx accepts the original configuration, if it can be tested without changes.

    :raises EdgeError: nginx rejects it.
    """
    if any(one.path != layout.log_rotation for one in wrong):
        return "nginx tests the original configuration after these files are restored"
    check_original(host, layout)
    return "nginx accepts the original configuration"


def _restore_locked(
    host: Host, layout: Layout, copied: Sequence[Copied], wrong: Sequence[Copied], timeout: float
) -> None:
    replaced: list[Replaced] = []
    sandbox = host.read(layout.sandbox)
    try:
        for one in wrong:
            replaced.insert(0, restore(host, layout, one))
        check_original(host, layout)
        facts = facts_in(texts(host, layout, copied))
        restart = needs_restart(host, layout, facts, master_pid(host), allow_restart=True) or sandbox is not None
    except (EdgeError, OSError):
        undo(host, replaced)
        raise
    live = live_name(host, layout)
    _set_sandbox(host, layout, None)
    _switch(host, layout, copied)
    try:
        prove(host, layout, None, timeout, restart=restart)
    except EdgeError as error:
        if live is None:
            raise
        reasons = [error.message, *error.details]
        undo(host, replaced)
        _set_sandbox(host, layout, sandbox)
        switch(host, layout, live)
        try:
            prove(host, layout, read_manifest(host, layout, live), timeout, restart=restart)
        except EdgeError as second:
            message = f"nginx loaded neither the original configuration nor generation {live}"
            raise EdgeError(message, [*reasons, second.message, *second.details]) from second
        message = f"nginx did not load the original configuration; generation {live} is live again"
        raise EdgeError(message, reasons) from error
    host.remove(layout.running)


def _switch(host: Host, layout: Layout, copied: Sequence[Copied]) -> None:
    """Make the original ``nginx.conf`` live; a copy of an earlier version has no list of files."""
    main = next((one for one in copied if one.path == layout.conf), None)
    if main is not None:
        put(host, layout, main)
    else:
        switch(host, layout, ORIGINAL)


def _set_sandbox(host: Host, layout: Layout, data: bytes | None) -> None:
    """Write or remove the sandbox of nginx; systemd applies this when it starts nginx again."""
    if host.read(layout.sandbox) == data:
        return
    if data is None:
        host.remove(layout.sandbox)
    else:
        replace_file(host, layout.sandbox, data, 0o644)
    if runs_systemd(host):
        host.run(["systemctl", "daemon-reload"])
