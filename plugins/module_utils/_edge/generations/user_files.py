# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Password files, which are stored outside the generations that refer to them.

The name of a file contains a digest of its text, so a changed list of users is a new file. The running generation keeps
its file until the new generation is live. Only root and the workers of nginx can read the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ..host.host import Host, replace_file
from ..host.paths import Layout
from .store import manifests

MODE = 0o640


def present(host: Host, layout: Layout) -> dict[str, str]:
    """Name -> SHA-256 in hexadecimal of every password file on the host."""
    names = (name for name in host.listdir(layout.users) if not name.startswith("."))
    return {name: digest_of(host.read(f"{layout.users}/{name}") or b"") for name in names}


def digest_of(text: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(text).hexdigest()


@dataclass(frozen=True)
class UserFiles:
    """The password files that a content refers to.

    :param texts: name -> text.
    :param account: account of nginx's workers, whose group can read the files.
    """

    texts: Mapping[str, str]
    account: str

    def missing(self, host: Host, layout: Layout) -> dict[str, str]:
        """Files that are missing on the host or have a different text."""
        there = present(host, layout)
        return {name: text for name, text in self.texts.items() if there.get(name) != digest_of(text.encode())}

    def are_missing(self, host: Host, layout: Layout) -> bool:
        """Whether a run would write any file."""
        return bool(self.missing(host, layout))

    def write(self, host: Host, layout: Layout) -> bool:
        """Write the missing files; return whether there were any."""
        missing = self.missing(host, layout)
        if missing:
            host.mkdir(layout.users)
        for name, text in missing.items():
            replace_file(host, f"{layout.users}/{name}", text.encode(), MODE, readers=self.account)
        return bool(missing)


def remove_unused_files(host: Host, layout: Layout) -> tuple[str, ...]:
    """Remove the files that no generation on the host refers to; return their names."""
    there = present(host, layout)
    if not there:
        return ()
    texts = [
        (host.read(f"{layout.folder(one.name)}/{path}") or b"").decode(errors="replace")
        for one in manifests(host, layout)
        for path in one.files
    ]
    unused = tuple(name for name in there if not any(f"{layout.users}/{name};" in text for text in texts))
    for name in unused:
        host.remove(f"{layout.users}/{name}")
    return unused
