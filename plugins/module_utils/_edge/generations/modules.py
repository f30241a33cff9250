# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic modules that a running nginx cannot unload by a reload.

If a master has loaded ``ngx_stream_module`` and another stream module, such as ``ngx_stream_geoip_module``, without a
stream block, it crashes with SIGSEGV when a reload adds a stream block and removes the other module (seen with nginx
1.18, 1.22 and 1.26). The default configuration of Debian does this if the package of the other module is installed.
"""

from __future__ import annotations

import re

from ..host.host import Host
from ..host.paths import Layout
from ..nginx.sockets import Conflict
from .content import Facts
from .store import read_manifest, running_name

_LOADED = re.compile(r"/(ngx_stream_\w+)\.so$", re.MULTILINE)
_STREAMS = "stream_upstreams.conf"


def module_conflicts(host: Host, layout: Layout, facts: Facts, master: int | None) -> list[Conflict]:
    """The modules that would crash the running master during a reload.

    :param facts: about the configuration to load.
    :param master: process ID of the master; None if none runs.
    """
    wanted = {name for name in map(_name, facts.modules) if name.startswith("ngx_stream_")}
    if master is None or not wanted:
        return []
    running = running_name(host, layout)
    manifest = read_manifest(host, layout, running) if running else None
    if manifest is not None and _STREAMS in manifest.files:
        return []
    loaded = set(_LOADED.findall((host.read(f"/proc/{master}/maps") or b"").decode(errors="replace")))
    return [
        Conflict(f"nginx has {name} loaded, and a reload that drops it would kill nginx", needs_restart=True)
        for name in sorted(loaded - wanted)
    ]


def missing_modules(host: Host, facts: Facts) -> list[str]:
    """Modules that a configuration loads but that are not installed, because check mode does not install packages."""
    return sorted(_name(path) for path in set(facts.modules) if not host.exists(path))


def _name(path: str) -> str:
    """Name of a module, such as ``ngx_stream_module``, from the path of its file."""
    return path.rpartition("/")[2][: -len(".so")]
