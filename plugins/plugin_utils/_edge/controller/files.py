# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for files on the controller that the model names.

Ansible's own search starts at the playbook, and a team's site.yml only imports the playbook of this collection: the
search would look inside the collection, where no team has its files.
"""

from __future__ import annotations

import os
from typing import Protocol


def places(file: str, inventory: str | None, current: str) -> list[str]:
    """The paths at which a file is searched, in their order; an absolute path is used as it is.

    A relative one starts at the team's repository: the folder that holds the inventory, or the current one. The
    inventory's own folder comes last, because Ansible reads any file in it as an inventory.

    :param inventory: folder of the host's inventory (``inventory_dir``).
    :param current: folder from which the play was started.
    """
    asked = os.path.expanduser(file)
    repositories = [os.path.dirname(inventory), current] if inventory else [current]
    starts = [start for repository in repositories for start in (repository, os.path.join(repository, "files"))]
    starts += [inventory] if inventory else []
    return list(dict.fromkeys(os.path.join(start, asked) for start in starts))


def find(file: str, inventory: str | None, current: str) -> str:
    """The first of the places that holds the file; ``FileNotFoundError`` names them all."""
    tried = places(file, inventory, current)
    for path in tried:
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"the controller has no such file (looked for {', '.join(tried)})")


class Loader(Protocol):
    """The part of Ansible's loader that is needed here."""

    def get_real_file(self, file_path: str) -> str:
        """Path of the decrypted file: the file itself, or a copy."""

    def cleanup_tmp_file(self, file_path: str) -> None:
        """Remove the copy."""


def read_text(path: str, loader: Loader) -> str:
    """The text of a file, decrypted when it is vaulted.

    :raises OSError: it cannot be read; ``UnicodeDecodeError`` when it is no text. The loader raises its own errors.
    """
    readable = loader.get_real_file(path)
    try:
        with open(readable, encoding="utf-8") as stream:
            return stream.read()
    finally:
        loader.cleanup_tmp_file(readable)
