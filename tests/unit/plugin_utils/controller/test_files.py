# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.files import find, places


def test_the_repository_of_the_inventory_comes_first_and_the_inventory_last() -> None:
    assert places("tls/a.pem", "/ops/prod", "/home/me") == [
        "/ops/tls/a.pem",
        "/ops/files/tls/a.pem",
        "/home/me/tls/a.pem",
        "/home/me/files/tls/a.pem",
        "/ops/prod/tls/a.pem",
    ]
    assert places("/etc/a.pem", "/ops/prod", "/ops") == ["/etc/a.pem"]
    assert places("a.pem", None, "/ops") == ["/ops/a.pem", "/ops/files/a.pem"]


def test_a_missing_file_names_every_place(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "here.pem").touch()
    assert find("here.pem", str(tmp_path / "prod"), "/") == str(tmp_path / "files" / "here.pem")
    with pytest.raises(
        FileNotFoundError, match=f"looked for {tmp_path}/there.pem, {tmp_path}/files/there.pem, /there.pem"
    ):
        find("there.pem", str(tmp_path / "prod"), "/")
