# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of ``edge_host``, and what it returns about paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.modules.edge_host import table_of

UNIT, OTHER = "/etc/systemd/system/a.service", "/etc/default/a"


def given(**options: Any) -> dict[str, Any]:
    return {"requires_systemd": False, "directories": [], "files": [], "links": [], **options}


def file(
    path: str, content: str = "x", mode: str = "0644", state: str = "present", with_packages: Sequence[str] = ()
) -> dict[str, Any]:
    return {"path": path, "content": content, "mode": mode, "state": state, "with_packages": with_packages}


@pytest.mark.parametrize(
    ("systemd", "requires", "paths"),
    [
        (True, False, [UNIT, OTHER]),
        (True, True, [UNIT, OTHER]),
        (False, False, [OTHER]),
        (False, True, []),
    ],
)
def test_units_are_only_for_a_host_with_systemd(systemd: bool, requires: bool, paths: list[str]) -> None:
    table = table_of(
        given(
            requires_systemd=requires,
            files=[file(UNIT), file(OTHER)],
            links=[{"path": f"{path}.link", "target": "x"} for path in (UNIT, OTHER)],
            directories=[{"path": f"{path}.d", "mode": "0755", "keep_owner": False} for path in (UNIT, OTHER)],
        ),
        systemd=systemd,
    )
    assert list(table.files) == paths
    assert list(table.links) == [f"{path}.link" for path in paths]
    assert list(table.directories) == [f"{path}.d" for path in paths]


def test_a_file_is_present_or_absent() -> None:
    table = table_of(given(files=[file(OTHER, mode="0755"), file(UNIT, state="absent")]), systemd=True)
    assert (dict(table.files), list(table.absent)) == ({OTHER: ("x", 0o755)}, [UNIT])


@pytest.mark.parametrize(
    ("installed", "exists"), [({"nginx"}, True), ({"nginx-common", "nginx"}, True), ({"apt"}, False), (set(), False)]
)
def test_a_file_exists_with_its_packages(installed: set[str], exists: bool) -> None:
    rotation = file(OTHER, with_packages=["nginx", "nginx-common"])
    table = table_of(given(files=[rotation]), systemd=True, installed=installed)
    assert (list(table.files), list(table.absent)) == (([OTHER], []) if exists else ([], [OTHER]))


@pytest.mark.parametrize("mode", ["u=rw", "0788", ""])
def test_a_mode_is_an_octal_number(mode: str) -> None:
    with pytest.raises(EdgeError, match=f"^{OTHER}: the mode '{mode}' is not an octal number such as 0644$"):
        table_of(given(files=[file(OTHER, mode=mode)]), systemd=True)
