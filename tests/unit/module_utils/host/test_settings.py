# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of files: what differs is found and changed, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.settings import Table, apply, differences

OWNER = (os.getuid(), os.getgid())


def table(folder: Path) -> Table:
    return Table(
        directories={f"{folder}/d": (0o755, False)},
        files={f"{folder}/d/unit.service": ("[Unit]\n", 0o644), f"{folder}/d/hook": ("#!/bin/sh\n", 0o755)},
        links={f"{folder}/d/link": "../elsewhere"},
        absent=[f"{folder}/old"],
        owner=OWNER,
    )


def test_a_table_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old\n")
    host = LocalHost()
    found = differences(host, table(tmp_path))
    names = [one.path.removeprefix(f"{tmp_path}/") for one in found]
    assert names == ["old", "d", "d/link", "d/unit.service", "d/hook"]
    assert not (tmp_path / "d").exists()
    apply(found)
    assert differences(host, table(tmp_path)) == []
    assert (tmp_path / "d" / "unit.service").read_text() == "[Unit]\n"
    assert (tmp_path / "d" / "hook").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "d" / "link").readlink() == Path("../elsewhere")
    assert not (tmp_path / "old").exists()


def change_content(folder: Path) -> None:
    (folder / "d" / "unit.service").write_text("[Unit]\nDescription=by hand\n")


def change_mode(folder: Path) -> None:
    (folder / "d" / "unit.service").chmod(0o600)


def remove_file(folder: Path) -> None:
    (folder / "d" / "hook").unlink()


def replace_by_link(folder: Path) -> None:
    """The content is the same, but a change of the other file would change it."""
    (folder / "d" / "unit.service").rename(folder / "other")
    (folder / "d" / "unit.service").symlink_to(folder / "other")


def change_target(folder: Path) -> None:
    (folder / "d" / "link").unlink()
    (folder / "d" / "link").symlink_to("/nowhere")


def replace_link_by_file(folder: Path) -> None:
    (folder / "d" / "link").unlink()
    (folder / "d" / "link").write_text("by hand\n")


def close_directory(folder: Path) -> None:
    (folder / "d").chmod(0o700)


def create_old(folder: Path) -> None:
    (folder / "old").symlink_to("/nowhere")


CHANGES = (
    change_content,
    change_mode,
    remove_file,
    replace_by_link,
    change_target,
    replace_link_by_file,
    close_directory,
    create_old,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_by_hand_is_reverted_alone(tmp_path: Path, change: Callable[[Path], None]) -> None:
    host = LocalHost()
    apply(differences(host, table(tmp_path)))
    change(tmp_path)
    found = differences(host, table(tmp_path))
    assert len(found) == 1
    entry = found[0].as_diff()
    assert entry["before"] != entry["after"]
    apply(found)
    assert differences(host, table(tmp_path)) == []


def test_the_owner_of_a_shared_directory_is_kept(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir(mode=0o755)
    other = (OWNER[0] + 1, OWNER[1] + 1)
    host = LocalHost()
    assert differences(host, Table({f"{tmp_path}/d": (0o755, True)}, owner=other)) == []
    assert len(differences(host, Table({f"{tmp_path}/d": (0o755, False)}, owner=other))) == 1


def test_a_directory_in_the_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with pytest.raises(EdgeError, match="is a directory, and this collection manages a file there: move it away"):
        differences(LocalHost(), Table(files={f"{tmp_path}/d": ("x", 0o644)}, owner=OWNER))


def test_a_diff_shows_no_secret(tmp_path: Path) -> None:
    """Such as the environment of a service, which an operator adds to its unit."""
    path = tmp_path / "unit.conf"
    path.write_text("Environment=TOKEN=old-value-1\n")
    table_of_unit = Table(files={str(path): ("Environment=TOKEN=new-value-2\n", 0o644)}, owner=OWNER)
    (found,) = differences(LocalHost(), table_of_unit)
    assert "-value-" not in "".join(found.as_diff().values())
    apply([found])
    assert path.read_text() == "Environment=TOKEN=new-value-2\n"
