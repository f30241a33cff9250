# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The copy of the configuration that a host had before its first generation.

The copy contains every file that nginx read, and the links that lead to them, such as those in ``sites-enabled``. The
files are restored to their former paths and are not loaded from the copy, for two reasons: nginx resolves relative
paths of certificates and password files from the directory of ``nginx.conf``, and the user and tools such as certbot
expect to edit the sites where they were. Files below ``/usr`` belong to packages and are not copied.

An earlier version of the collection kept only ``nginx.conf``. Such a copy has no list of files.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Union

from ..host.errors import EdgeError
from ..host.host import Attributes, Host, replace_file, switch_symlink
from ..host.paths import Layout
from .store import BY_HAND, ORIGINAL

LIST = "FILES.json"
"""File in the directory of the copy: the copied files. It is written last."""

FILES = "files"
"""Directory in the copy; the paths below it are those on the host."""

_NOT_COPIED = "/usr/"
_MOST_LINKS = 40
"""Links in a chain, as in Linux (path_resolution(7))."""


@dataclass(frozen=True)
class CopiedFile:
    """A copied file.

    :param path: its path on the host.
    :param sha256: digest of its content, in hexadecimal.
    :param attributes: permissions, user and group.
    """

    path: str
    sha256: str
    attributes: Attributes


@dataclass(frozen=True)
class CopiedLink:
    """A copied symbolic link: its path and its target."""

    path: str
    target: str


Copied = Union[CopiedFile, CopiedLink]


def keep_original(host: Host, layout: Layout, files: Iterable[str]) -> None:
    """Copy the present configuration. An existing copy is replaced, because a host that serves no generation now may
    have been changed since. The caller must hold the lock.

    :param files: paths of the files that nginx reads.
    """
    folder, unfinished = layout.folder(ORIGINAL), layout.folder(f".{ORIGINAL}")
    host.remove(unfinished)
    host.mkdir(unfinished, 0o700)
    copied: dict[str, Copied] = {}
    for path in (*files, layout.log_rotation):
        for one in _chain(host, path):
            if one.path not in copied and isinstance(one, CopiedFile):
                copy = f"{unfinished}/{FILES}{one.path}"
                host.mkdir(os.path.dirname(copy), 0o700)
                host.write(copy, host.read(one.path) or b"", 0o600, durable=False)
            copied[one.path] = one
    host.write(f"{unfinished}/nginx.conf", host.read(layout.conf) or b"", durable=False)
    listed = json.dumps([asdict(one) for one in copied.values()], indent=2) + "\n"
    host.write(f"{unfinished}/{LIST}", listed.encode(), durable=False)
    host.sync_filesystem(unfinished)
    host.remove(folder)
    host.rename(unfinished, folder)
    host.fsync_dir(layout.generations)


def _chain(host: Host, path: str) -> Iterator[Copied]:
    """The links that lead to a file, and the file."""
    for _link in range(_MOST_LINKS):
        target = host.readlink(path)
        if path.startswith(_NOT_COPIED):
            return
        if target is None:
            break
        yield CopiedLink(path, target)
        path = os.path.normpath(os.path.join(os.path.dirname(path), target))
    data, attributes = host.read(path), host.attributes(path)
    if data is not None and attributes is not None:
        yield CopiedFile(path, hashlib.sha256(data).hexdigest(), attributes)


def read_copied(host: Host, layout: Layout) -> list[Copied]:
    """The list of the copied files; empty if an earlier version of the collection kept only ``nginx.conf``.

    :raises EdgeError: there is no copy, or its list is damaged.
    """
    folder = layout.folder(ORIGINAL)
    if host.read(f"{folder}/nginx.conf") is None:
        raise EdgeError("there is no original configuration on this host", [f"it would be in {folder}"])
    try:
        return [_copied(one) for one in json.loads(host.read(f"{folder}/{LIST}") or b"[]")]
    except (ValueError, TypeError, KeyError) as error:
        raise EdgeError(f"{folder}/{LIST} is damaged: {error}") from error


def _copied(plain: Mapping[str, Any]) -> Copied:
    if "target" in plain:
        return CopiedLink(plain["path"], plain["target"])
    return CopiedFile(plain["path"], plain["sha256"], Attributes(*plain["attributes"]))


def texts(host: Host, layout: Layout, copied: Iterable[Copied]) -> list[str]:
    """The texts of the copied files and of ``nginx.conf``."""
    found = [_data(host, layout, one) for one in copied if isinstance(one, CopiedFile)]
    found.append(host.read(f"{layout.folder(ORIGINAL)}/nginx.conf") or b"")
    return [data.decode(errors="replace") for data in found]


def _data(host: Host, layout: Layout, one: CopiedFile) -> bytes:
    """The content of a copied file.

    :raises EdgeError: the copy is damaged.
    """
    path = f"{layout.folder(ORIGINAL)}/{FILES}{one.path}"
    data = host.read(path)
    if data is None or hashlib.sha256(data).hexdigest() != one.sha256:
        raise EdgeError(f"the copy {path} is missing or was changed")
    return data


def differing(host: Host, layout: Layout, copied: Iterable[Copied]) -> list[Copied]:
    """The copied files and links that the host does not have as they were, without ``nginx.conf``."""
    return [one for one in copied if one.path != layout.conf and not _is_unchanged(host, one)]


def _is_unchanged(host: Host, one: Copied) -> bool:
    if isinstance(one, CopiedLink):
        return host.readlink(one.path) == one.target
    data = host.read(one.path) if host.readlink(one.path) is None else None
    return data is not None and hashlib.sha256(data).hexdigest() == one.sha256


@dataclass(frozen=True)
class Replaced:
    """A path before its file was restored: a link's target, or a file's content and attributes; None for none."""

    path: str
    target: str | None
    data: bytes | None
    attributes: Attributes | None


def restore(host: Host, layout: Layout, one: Copied) -> Replaced:
    """Restore one file or link. A changed file is kept in the directory ``by-hand`` of the generations.

    :returns: the state before, for :func:`undo`.
    :raises EdgeError: the copy is damaged.
    """
    target = host.readlink(one.path)
    data = None if target is not None else host.read(one.path)
    before = Replaced(one.path, target, data, host.attributes(one.path) if data is not None else None)
    if data is not None and one.path != layout.log_rotation:
        kept = f"{layout.folder(BY_HAND)}/{FILES}{one.path}"
        host.mkdir(os.path.dirname(kept), 0o700)
        replace_file(host, kept, data, 0o600)
    put(host, layout, one)
    return before


def put(host: Host, layout: Layout, one: Copied) -> None:
    """Write one file or link by one rename(2).

    :raises EdgeError: the copy is damaged.
    """
    host.mkdir(os.path.dirname(one.path))
    if isinstance(one, CopiedLink):
        switch_symlink(host, one.target, one.path)
    else:
        _write(host, one.path, _data(host, layout, one), one.attributes)


def undo(host: Host, replaced: Iterable[Replaced]) -> None:
    """Put back what :func:`restore` replaced."""
    for one in replaced:
        if one.target is not None:
            switch_symlink(host, one.target, one.path)
        elif one.data is not None and one.attributes is not None:
            _write(host, one.path, one.data, one.attributes)
        else:
            host.remove(one.path)


def _write(host: Host, path: str, data: bytes, attributes: Attributes) -> None:
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.switch")
    host.remove(temporary)
    host.write(temporary, data, 0o600)
    host.set_attributes(temporary, attributes)
    host.rename(temporary, path)
    host.fsync_dir(folder)
