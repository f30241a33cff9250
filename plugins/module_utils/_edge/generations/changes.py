# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run changes, by the names of sites and streams."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..host.host import Host
from ..host.paths import Layout
from .content import Content
from .store import SUBFOLDERS, digest_of, live_name, read_manifest

SUFFIX = ".conf"


def names_in(files: Collection[str], folder: str) -> set[str]:
    """Names of the sites or streams among the files of a generation.

    :param folder: ``sites`` or ``streams``. The star of a wildcard is written as ``+wildcard`` in the name of a file.
    """
    inside = (path[len(folder) + 1 : -len(SUFFIX)] for path in files if path.startswith(f"{folder}/"))
    return {name.replace("+wildcard", "*") for name in inside}


def changes(host: Host, layout: Layout, content: Content) -> dict[str, Any]:
    """The difference between the model of the live generation and a content; changes by hand are not in it.

    :returns: for ``sites`` and ``streams``, the sorted names of those ``added``, ``changed`` and ``removed``; and
        whether the ``shared`` configuration changes, such as upstreams and limits.
    """
    live = live_name(host, layout)
    manifest = read_manifest(host, layout, live) if live else None
    before: Mapping[str, str] = manifest.files if manifest else {}
    texts = content.named(manifest.name) if manifest else content.files
    after = {path: digest_of(text.encode()) for path, text in texts.items()}
    different = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    found: dict[str, Any] = {
        folder: {
            "added": sorted(names_in(after, folder) - names_in(before, folder)),
            "changed": sorted(names_in(different, folder) & names_in(before, folder) & names_in(after, folder)),
            "removed": sorted(names_in(before, folder) - names_in(after, folder)),
        }
        for folder in SUBFOLDERS
    }
    found["shared"] = any("/" not in path for path in different)
    return found
