# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a host that is not in files of this collection: its distribution, packages and systemd units."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .host import Host

INSTALLED = "installed"
"""The status of a package that is installed completely, see dpkg-query(1)."""
_ENABLED = frozenset(("enabled", "enabled-runtime", "static", "alias", "indirect", "generated"))
"""States of a unit file for which ``systemctl is-enabled`` succeeds, see systemctl(1)."""
_RUNNING = frozenset(("active", "activating", "reloading"))
_PROPERTIES = (
    "LoadState",
    "UnitFileState",
    "ActiveState",
    "NeedDaemonReload",
    "MainPID",
    "FragmentPath",
    "DropInPaths",
    "EnvironmentFiles",
    "InactiveExitTimestamp",
    "InactiveExitTimestampMonotonic",
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d{6})?")
"""A timestamp as ``systemctl show --timestamp=us+utc`` prints it; systemd 247 leaves out the fraction."""
_PATH = re.compile(r"/\S+")
_MICROSECONDS = 1e6
_UNITS = "/etc/systemd/system/"
"""The directory for the units of the administrator, see systemd.unit(5)."""


@dataclass(frozen=True)
class Package:
    """A package that dpkg knows.

    :param status: as of dpkg-query(1); :data:`INSTALLED`, or for example ``config-files`` after a removal.
    """

    version: str
    status: str


def packages(host: Host, names: Sequence[str]) -> dict[str, Package]:
    """The packages among ``names`` that dpkg knows.

    :param names: package names, or ``name=version`` as of apt-get(8).
    """
    asked = sorted({name.partition("=")[0] for name in names})
    if not asked:
        return {}
    # Exit code 1 means that it does not know one of them.
    printed = host.run(["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status} ${Version}\n", *asked])
    rows = [line.split(" ") for line in printed.stdout.splitlines()]
    known = [row for row in rows if len(row) == len(("name", "status", "version")) and row[1] != "not-installed"]
    # A package can be known for several architectures; the installed one counts.
    known.sort(key=lambda row: row[1] == INSTALLED)
    return {name: Package(version, status) for name, status, version in known}


def missing(names: Sequence[str], known: dict[str, Package]) -> list[str]:
    """The ``names`` that are not installed in their version.

    :param names: as for :func:`packages`; a version may contain ``*``.
    :param known: result of :func:`packages`.
    """
    absent = []
    for one in names:
        name, pinned, version = one.partition("=")
        found = known.get(name)
        fits = found and found.status == INSTALLED and (not pinned or fnmatch.fnmatchcase(found.version, version))
        if not fits:
            absent.append(one)
    return absent


def units(host: Host, names: Sequence[str], files: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """The state of systemd units; only for a host with systemd.

    :param files: the files that a role manages.
    :returns: name -> ``exists``, ``masked``, ``enabled``, ``active``, ``outdated`` (systemd has not read its current
        files), ``restart`` (it was started before one of ``files`` that it reads was changed), ``runs`` (enabled,
        active, and neither of the last two), and ``pid`` of its main process (None if there is none).
    """
    if not names:
        return {}
    asked = [f"--property={one}" for one in _PROPERTIES]
    printed = host.run(["systemctl", "show", "--timestamp=us+utc", *asked, *names]).stdout
    blocks = [re.findall(r"^(\w+)=(.*)$", block, re.MULTILINE) for block in printed.split("\n\n")]
    return {name: _unit(host, name, block, files) for name, block in zip(names, [*blocks, *([] for _name in names)])}


def _unit(host: Host, name: str, printed: Sequence[tuple[str, str]], files: Sequence[str]) -> dict[str, Any]:
    found = dict(printed)
    load, pid = found.get("LoadState", ""), found.get("MainPID", "0")
    enabled = found.get("UnitFileState") in _ENABLED
    active = found.get("ActiveState") in _RUNNING
    outdated = found.get("NeedDaemonReload") == "yes"
    restart = active and _has_old_settings(host, _files_of(host, name, printed), files, found)
    return {
        "exists": load not in ("", "not-found"),
        "masked": load == "masked",
        "enabled": enabled,
        "active": active,
        "outdated": outdated,
        "restart": restart,
        "runs": load == "loaded" and enabled and active and not outdated and not restart,
        "pid": int(pid) if pid.isdigit() and pid != "0" else None,
    }


def _files_of(host: Host, name: str, printed: Sequence[tuple[str, str]]) -> set[str]:
    """The files that a unit reads, including drop-ins that systemd has not read yet. A property with several files is
    printed once for each file."""
    folder = f"{_UNITS}{name}.d"
    named = [text for key, text in printed if key in ("FragmentPath", "DropInPaths", "EnvironmentFiles")]
    return {*_PATH.findall(" ".join(named)), *(f"{folder}/{one}" for one in host.listdir(folder))}


def _has_old_settings(host: Host, read: set[str], managed: Sequence[str], found: Mapping[str, str]) -> bool:
    """Whether a unit was started with older contents of managed files.

    A run can be interrupted between its change of a file and the restart. If systemd restarts the unit meanwhile,
    without reading the new file, the unit is younger than the file. So the newest file of a unit counts, too.
    """
    changed = {path: host.modified(path) or 0.0 for path in read}
    newest = max((changed[path] for path in managed if path in read), default=0.0)
    # A time in the future is the result of a wrong clock, and a restart would not help.
    started_before = _started(host, found) < newest <= host.now()
    return started_before or (found.get("NeedDaemonReload") == "yes" and 0.0 < newest == max(changed.values()))


def _started(host: Host, found: Mapping[str, str]) -> float:
    """When a unit was started, in seconds since the epoch, to compare with the times of files.

    If the clock was set after the start, the time that systemd recorded and the one that is derived from the age of the
    unit differ. A file counts as changed later only if it is newer than both: restarts close connections.
    """
    age = host.monotonic() - int(found.get("InactiveExitTimestampMonotonic") or 0) / _MICROSECONDS
    derived = host.now() - age
    printed = _TIME.search(found.get("InactiveExitTimestamp", ""))
    if printed is None:
        return derived
    recorded = datetime.fromisoformat(f"{printed[1]}{printed[2] or '.999999'}+00:00").timestamp()
    return max(derived, recorded)


def distribution(host: Host) -> dict[str, str]:
    """``id`` and ``codename`` of the distribution, such as ``debian`` and ``trixie``; empty if unknown.

    Source: os-release(5).
    """
    text = (host.read("/etc/os-release") or b"").decode(errors="replace")
    found = dict(re.findall(r"^(\w+)=\"?([^\"\n]*)\"?$", text, re.MULTILINE))
    return {"id": found.get("ID", ""), "codename": found.get("VERSION_CODENAME", "")}
