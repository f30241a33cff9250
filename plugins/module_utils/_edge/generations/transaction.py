# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment of a configuration: lock, check the sockets, stage, test, switch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Layout
from ..nginx.program import read_nginx, test_configuration
from ..nginx.service import master_pid
from .changes import changes
from .content import Content
from .differences import differences
from .modules import missing_modules
from .rehearsal import rehearse
from .reload import needs_restart, reload_and_prove, status
from .retention import proven_names
from .store import Manifest, drift, find_sound, live_name, manifests, stage, switch
from .user_files import UserFiles, remove_unused_files

LOCK_SECONDS = 60.0


@dataclass(frozen=True)
class Deployment:
    """The result of a deployment.

    :param name: the generation; None in check mode if nginx is not installed yet.
    :param previous: the generation that was live before.
    :param diff: entries for Ansible's ``diff``.
    :param warnings: warnings of nginx about an accepted configuration; default none.
    :param changes: as :func:`.changes.changes` returns them; empty if nothing changes.
    """

    changed: bool
    name: str | None
    previous: str | None
    diff: list[dict[str, Any]]
    warnings: Sequence[str] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)


@contextlib.contextmanager
def locked(host: Host, layout: Layout) -> Iterator[None]:
    """Lock out other runs; every change of the live generation happens under this lock.

    :raises EdgeError: another run holds the lock for too long.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(host.lock(layout.lock, LOCK_SECONDS))
        except TimeoutError as error:
            raise EdgeError(f"another run has held the lock {layout.lock} for {LOCK_SECONDS:g} s") from error
        yield


def deploy(
    host: Host,
    layout: Layout,
    content: Content,
    *,
    check: bool,
    allow_restart: bool,
    user_files: Mapping[str, str] | None = None,
) -> Deployment:
    """Make a content live, or only test it.

    :param user_files: name -> text of the password files that the content refers to; default none.
    :param check: test the content and return the differences, but change nothing.
    :param allow_restart: accept a change of listening addresses or modules that a reload cannot apply.
    :raises EdgeError: nginx rejects it, or a socket is not available; the previous configuration stays live.
    """
    nginx = read_nginx(host, streams=False)
    if not nginx["installed"]:
        if not check:
            raise EdgeError("nginx is not installed on this host", ["run the role nginx first"])
        return Deployment(True, None, None, differences(host, layout, content), changes=changes(host, layout, content))
    users = UserFiles(user_files or {}, nginx["user"])
    with locked(host, layout):
        return _deploy_locked(host, layout, content, users, check=check, allow_restart=allow_restart)


def _deploy_locked(
    host: Host, layout: Layout, content: Content, users: UserFiles, *, check: bool, allow_restart: bool
) -> Deployment:
    previous = live_name(host, layout)
    diff = differences(host, layout, content)
    sound = find_sound(host, layout, content.digest)
    if sound is not None and sound.name == previous:
        changed = users.are_missing(host, layout) if check else users.write(host, layout)
        return Deployment(changed, previous, previous, [], sound.warnings)
    needs_restart(host, layout, content.facts, master_pid(host), allow_restart=allow_restart)
    planned = changes(host, layout, content)
    if check:
        return Deployment(True, content.digest, previous, diff, _rehearsed(host, layout, content), planned)
    try:
        users.write(host, layout)
        if sound is not None:
            test_configuration(host, f"{layout.folder(sound.name)}/nginx.conf")
        else:
            sound = stage(host, layout, content)
        switch(host, layout, sound.name)
    finally:
        remove_unused_files(host, layout)  # no generation uses the password files of a rejected configuration
    return Deployment(True, sound.name, previous, diff, sound.warnings, planned)


def _rehearsed(host: Host, layout: Layout, content: Content) -> Sequence[str]:
    """The warnings of nginx, or the reason why it could not test the configuration."""
    missing = missing_modules(host, content.facts)
    if missing:
        return (f"nginx: does not have {', '.join(missing)} yet; the configuration was rendered, but not tested",)
    return rehearse(host, layout, content).warnings


def roll_back(host: Host, layout: Layout, to: str | None, *, check: bool, timeout: float, keep: int) -> Deployment:
    """Roll back to an earlier generation and prove that nginx runs it.

    :param to: its name; None for the one that ran before the live one.
    :param check: test it with nginx, and change nothing.
    :param timeout: seconds to wait until new workers answer.
    :param keep: number of generations to keep.
    :raises EdgeError: there is no such generation, it was changed by hand, or nginx does not load it (then the previous
        configuration is restored).
    """
    with locked(host, layout):
        live = live_name(host, layout)
        chosen = older_generation(host, layout, live, to)
        # An interrupted run may have made it live, but not reloaded nginx or proven it.
        if set(status(host, layout).values()) == {chosen.name}:
            return Deployment(False, live, live, [])
        changed_files = drift(host, layout, chosen)
        if changed_files:
            raise EdgeError(f"generation {chosen.name} was changed by hand: {', '.join(changed_files)}")
        test_configuration(host, f"{layout.folder(chosen.name)}/nginx.conf")
        if not check:
            switch(host, layout, chosen.name)
            reload_and_prove(host, layout, timeout=timeout, keep=keep)
        return Deployment(True, chosen.name, live, [])


def older_generation(host: Host, layout: Layout, live: str | None, to: str | None) -> Manifest:
    """The generation that :func:`roll_back` makes live.

    :param live: the one that is live.
    :param to: see :func:`roll_back`.
    :raises EdgeError: there is no such generation.
    """
    kept = {one.name: one for one in manifests(host, layout)}
    if to is not None:
        if to not in kept:
            raise EdgeError(f"there is no generation {to} on this host", [f"kept: {', '.join(kept) or 'none'}"])
        return kept[to]
    candidates = (name for name in proven_names(host, layout) if name != live)
    sound = next((name for name in candidates if not drift(host, layout, kept[name])), None)
    if sound is None:
        raise EdgeError("no unchanged earlier generation is left on this host", [f"kept: {', '.join(kept)}"])
    return kept[sound]
