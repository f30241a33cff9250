# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of directories, files, links and absent paths: what differs on a host, and how to change it.

A role writes its whole table in one call. A file that exists is replaced by one rename(2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .errors import EdgeError
from .host import Attributes, Host, replace_file, switch_symlink
from .redaction import redacted


@dataclass(frozen=True)
class Table:
    """What a host should have; paths are absolute.

    :param directories: path -> permissions, and whether an existing directory keeps its owner.
    :param files: path -> content and permissions; all files belong to ``owner``.
    :param links: path -> target of a symbolic link.
    :param absent: files and links that should not exist.
    :param owner: user and group of the directories and files; the numbers of the operating system.
    """

    directories: Mapping[str, tuple[int, bool]] = field(default_factory=dict)
    files: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    absent: Sequence[str] = ()
    owner: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Difference:
    """A path that differs from the table.

    :param before: for Ansible's ``diff``: the content of a file, the target of a link, or a word.
    :param after: the same for the table.
    :param apply: changes the host.
    """

    path: str
    before: str
    after: str
    apply: Callable[[], None]

    def as_diff(self) -> dict[str, str]:
        """An entry for Ansible's ``diff``, without what looks like a secret."""
        return {
            "before_header": self.path,
            "after_header": self.path,
            "before": redacted(self.before),
            "after": redacted(self.after),
        }


def differences(host: Host, table: Table) -> list[Difference]:
    """The paths that differ, in the order in which they must be changed.

    :raises EdgeError: a path has another type than the table says, and was not created by this collection.
    """
    return [*_absent(host, table), *_directories(host, table), *_links(host, table), *_files(host, table)]


def apply(found: Sequence[Difference]) -> None:
    """Change the host."""
    for one in found:
        one.apply()


def _absent(host: Host, table: Table) -> Iterator[Difference]:
    for path in table.absent:
        if host.exists(path):
            yield Difference(path, _shown(host, path, _content(host, path)), "", partial(host.remove, path))


def _directories(host: Host, table: Table) -> Iterator[Difference]:
    for path, (mode, keeps_owner) in table.directories.items():
        found = host.attributes(path)
        wanted = Attributes(mode, *(found[1:] if found and keeps_owner else table.owner))
        if found != wanted:
            yield Difference(path, _described(found), _described(wanted), partial(_make, host, path, wanted))


def _make(host: Host, path: str, wanted: Attributes) -> None:
    host.mkdir(path, wanted.mode)
    host.set_attributes(path, wanted)  # regardless of the umask


def _links(host: Host, table: Table) -> Iterator[Difference]:
    for path, target in table.links.items():
        found = host.readlink(path)
        if found != target:
            yield Difference(path, f"{found or 'absent'}\n", f"{target}\n", partial(switch_symlink, host, target, path))


def _files(host: Host, table: Table) -> Iterator[Difference]:
    for path, (content, mode) in table.files.items():
        found = _content(host, path)
        wanted, has = Attributes(mode, *table.owner), host.attributes(path)
        if found != content.encode() or host.readlink(path) is not None:
            replace = partial(replace_file, host, path, content.encode(), mode)
            yield Difference(path, _shown(host, path, found), content, replace)
        elif has != wanted:
            yield Difference(path, _described(has), _described(wanted), partial(host.set_attributes, path, wanted))


def _content(host: Host, path: str) -> bytes | None:
    try:
        return host.read(path)
    except IsADirectoryError:
        raise EdgeError(f"{path} is a directory, and this collection manages a file there: move it away") from None


def _shown(host: Host, path: str, content: bytes | None) -> str:
    target = host.readlink(path)
    return (content or b"").decode(errors="replace") if target is None else f"link to {target}\n"


def _described(found: Any) -> str:
    return f"mode {found.mode:04o}, user {found.uid}, group {found.gid}\n" if found else "absent\n"
