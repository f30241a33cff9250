# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Program files and libraries that were replaced on disk while nginx runs them, as by an upgrade of OpenSSL.

Workers are copies of the master, so only a new master loads the new files: a restart, or an upgrade of the binary. A
reload does not.
"""

from __future__ import annotations

import re

from ..host.host import Host

_REPLACED = re.compile(r"^\S+ ..x. \S+ \S+ \d+ +(/.+) \(deleted\)$", re.MULTILINE)
"""A line of /proc/PID/maps with code of a file that has been replaced or removed, see proc_pid_maps(5). Shared memory
of nginx's zones is marked as deleted as well, but it is not executable."""


def outdated_files(host: Host, master: int | None) -> list[str] | None:
    """Paths of the program files and libraries that nginx runs and that were replaced or removed on disk.

    :param master: process ID of the master; None if none runs.
    :returns: None if no master runs, or if this process has fewer capabilities than the master, so that it may not read
        which files the master runs.
    """
    if master is None:
        return None
    try:
        maps = host.read(f"/proc/{master}/maps")
    except PermissionError:
        return None
    return None if maps is None else sorted(set(_REPLACED.findall(maps.decode(errors="replace"))))
