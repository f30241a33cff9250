# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of nginx: starting, reloading and restarting them, with systemd or directly."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..host import paths
from ..host.errors import EdgeError
from ..host.host import Completed, Host

GRACE_SECONDS = 15.0
"""Seconds to wait for open requests when nginx is restarted without systemd."""

STOP_SECONDS = 5.0
"""Seconds to wait until nginx ends after its connections were closed."""

POLL_SECONDS = 0.05
_FIRST_PROCESS = 1
_ENDED = ("Z", "X")
_WORKER = b"nginx: worker process"
_LEAVING = b"nginx: worker process is shutting down"
_STARTED = 19
"""Index of the start time after the process name in /proc/PID/stat, in ticks since boot, see proc_pid_stat(5)."""
_OPEN_FILES = re.compile(rb"^Max open files\s+(\d+)", re.MULTILINE)
"""The soft limit in /proc/PID/limits; "unlimited" does not match."""
_TICKS = 100
"""Ticks of /proc in a second, on every Linux (USER_HZ)."""


def runs_systemd(host: Host) -> bool:
    """Whether systemd manages the services of this host."""
    return host.exists(paths.SYSTEMD)


def master_pid(host: Host) -> int | None:
    """Process ID of the nginx master; None if none runs."""
    raw = (host.read(paths.PID_FILE) or b"").strip()
    return int(raw) if raw.isdigit() and _is_running(host, int(raw)) else None


def open_files_limit(host: Host, master: int | None) -> int | None:
    """Maximum number of open files of the nginx master; None if none runs or there is no limit."""
    if master is None:
        return None
    found = _OPEN_FILES.search(host.read(f"/proc/{master}/limits") or b"")
    return int(found.group(1)) if found else None


def worker_pids(host: Host, master: int) -> set[int]:
    """Process IDs of the children of the master."""
    found = {pid: _state_and_parent(host, pid) for pid in host.listdir("/proc") if pid.isdigit()}
    return {int(pid) for pid, known in found.items() if known and known[1] == master}


def accepting_workers(host: Host, pids: Iterable[int]) -> set[int]:
    """The workers among the given processes that still accept connections. Old workers do so until the master shuts
    them down, shortly after it started the new workers."""
    titles = {pid: host.read(f"/proc/{pid}/cmdline") or b"" for pid in pids}
    return {pid for pid, title in titles.items() if title.startswith(_WORKER) and not title.startswith(_LEAVING)}


@dataclass(frozen=True)
class Leaving:
    """A worker of an earlier reload that still serves connections.

    :param age: seconds since the worker was started.
    """

    pid: int
    age: int


def leaving_workers(host: Host, master: int | None) -> list[Leaving]:
    """The workers of a master that are shutting down and still serve connections, oldest first.

    :param master: process ID of the master; None if none runs.
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

    :param master: process ID of the running master; None if none runs.
    :returns: the result of the program that was run. Code 0 does not mean that nginx loaded its configuration.
    :raises EdgeError: nginx cannot be restarted from here, or does not stop.
    """
    if verb == "reload" and master is not None:
        # The unit of Debian runs nginx -s reload, which reads the whole configuration before it sends this signal.
        done = host.run(["kill", "-HUP", str(master)])
        return done if done.code == 0 else host.run(["nginx", "-s", "reload"])
    if runs_systemd(host):
        return host.run(["systemctl", verb, "nginx.service"])
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
    """Whether this process ID is a running nginx. A process that ended may remain as a zombie if it is not reaped."""
    if host.read(f"/proc/{pid}/comm") != b"nginx\n":
        return False
    known = _state_and_parent(host, str(pid))
    return known is not None and known[0] not in _ENDED


def _state_and_parent(host: Host, pid: str) -> tuple[str, int] | None:
    stat = host.read(f"/proc/{pid}/stat")
    if not stat:
        return None
    # The second field is the program's name in parentheses, which may contain spaces.
    state, parent = stat.rpartition(b")")[2].split()[:2]
    return state.decode(), int(parent)
