# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of nginx, and how they are started, reloaded and restarted: by systemd, or directly without it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..host import paths
from ..host.errors import EdgeError
from ..host.host import Completed, Host

GRACE_SECONDS = 15.0
"""How long open requests may take to finish when nginx is restarted without systemd."""

STOP_SECONDS = 5.0
"""How long nginx may take to end after its connections were cut."""

POLL_SECONDS = 0.1
_FIRST_PROCESS = 1
_ENDED = ("Z", "X")
_WORKER = b"nginx: worker process"
_LEAVING = b"nginx: worker process is shutting down"
_STARTED = 19
"""Place of a process's start time behind its name in /proc/PID/stat, in ticks since boot, see proc_pid_stat(5)."""
_OPEN_FILES = re.compile(rb"^Max open files\s+(\d+)", re.MULTILINE)
"""The soft limit in /proc/PID/limits; "unlimited" does not match."""
_TICKS = 100
"""Ticks of /proc in a second, on every Linux (USER_HZ)."""


def runs_systemd(host: Host) -> bool:
    """Whether systemd looks after the services of this machine."""
    return host.exists(paths.SYSTEMD)


def master_pid(host: Host) -> int | None:
    """Process id of the nginx master, None when none runs."""
    raw = (host.read(paths.PID_FILE) or b"").strip()
    return int(raw) if raw.isdigit() and _is_running(host, int(raw)) else None


def open_files_limit(host: Host, master: int | None) -> int | None:
    """How many files the nginx master may hold open; None when none runs or there is no limit."""
    if master is None:
        return None
    found = _OPEN_FILES.search(host.read(f"/proc/{master}/limits") or b"")
    return int(found.group(1)) if found else None


def worker_pids(host: Host, master: int) -> set[int]:
    """Children of the master."""
    found = {pid: _state_and_parent(host, pid) for pid in host.listdir("/proc") if pid.isdigit()}
    return {int(pid) for pid, known in found.items() if known and known[1] == master}


def accepting_workers(host: Host, pids: Iterable[int]) -> set[int]:
    """Those of some processes that are workers and still take connections: they do until the master tells them to
    shut down, a moment after it has started the new ones."""
    titles = {pid: host.read(f"/proc/{pid}/cmdline") or b"" for pid in pids}
    return {pid for pid, title in titles.items() if title.startswith(_WORKER) and not title.startswith(_LEAVING)}


@dataclass(frozen=True)
class Leaving:
    """A worker of an earlier reload that still serves connections.

    :param age: seconds since it was started.
    """

    pid: int
    age: int


def leaving_workers(host: Host, master: int | None) -> list[Leaving]:
    """The workers of a master that shut down and are not done yet, the oldest first.

    :param master: its process id, None when none runs.
    """
    if master is None:
        return []
    up = float((host.read("/proc/uptime") or b"0").split()[0])
    found = []
    for pid in worker_pids(host, master):
        stat = (host.read(f"/proc/{pid}/stat") or b"").rpartition(b")")[2].split()
        if len(stat) > _STARTED and (host.read(f"/proc/{pid}/cmdline") or b"").startswith(_LEAVING):
            found.append(Leaving(pid, max(0, int(up - int(stat[_STARTED]) / _TICKS))))
    return sorted(found, key=lambda one: one.age, reverse=True)


def control(host: Host, verb: str, master: int | None) -> Completed:
    """``start``, ``reload`` or ``restart`` nginx.

    :param master: process id of the running master, None when none runs.
    :returns: what systemctl or nginx said. Code 0 does not tell that nginx took its configuration over.
    :raises EdgeError: nginx cannot be restarted from here, or does not end.
    """
    if runs_systemd(host):
        done = host.run(["systemctl", verb, "nginx.service"])
        if done.code == 0 or verb != "reload":
            return done
        # systemd reloads neither what it did not start nor a unit that was masked since; a signal reaches both.
        direct = host.run(["nginx", "-s", "reload"])
        return direct if direct.code == 0 else done
    if verb == "reload":
        return host.run(["nginx", "-s", "reload"])
    if verb == "restart" and master is not None:
        _stop(host, master)
    return host.run_nginx(["nginx"], open_files=None)


def _stop(host: Host, master: int) -> None:
    if master == _FIRST_PROCESS:
        raise EdgeError(
            "nginx is the first process of this container, so a restart would stop the container",
            ["restart the container: it uses the new configuration from then on"],
        )
    for word, patience in (("quit", GRACE_SECONDS), ("stop", STOP_SECONDS)):
        host.run(["nginx", "-s", word])
        end = host.monotonic() + patience
        while _is_running(host, master):
            if host.monotonic() >= end:
                break
            host.sleep(POLL_SECONDS)
        else:
            return
    raise EdgeError(f"nginx (process {master}) did not stop, so it could not be restarted")


def _is_running(host: Host, pid: int) -> bool:
    """Whether an nginx has this process id; one that ended may stay as a zombie where nobody reaps it."""
    if host.read(f"/proc/{pid}/comm") != b"nginx\n":
        return False
    known = _state_and_parent(host, str(pid))
    return known is not None and known[0] not in _ENDED


def _state_and_parent(host: Host, pid: str) -> tuple[str, int] | None:
    stat = host.read(f"/proc/{pid}/stat")
    if not stat:
        return None
    # The second field is the program's name in parentheses and may hold spaces.
    state, parent = stat.rpartition(b")")[2].split()[:2]
    return state.decode(), int(parent)
