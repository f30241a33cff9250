# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook ``remove`` knows everything that the roles install, and changes nothing without confirmation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import paths
from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT
from ansible_collections.hardened.nginx_edge.tests.unit.plays import LOCAL, run

ROLES = ("nginx", "edge", "certbot", "share", "exporter")
TABLE = "hardened.nginx_edge.edge_host"
WRITING = ("ansible.builtin.copy", "ansible.builtin.template")
SHARED_WITH_PACKAGES = {
    "/etc/logrotate.d/nginx",
    "/etc/default/prometheus-nginx-exporter",
    "/etc/nginx/nginx.conf",
}
"""Files of packages: they stay, with the content that the roles wrote or with the original one."""
TEMPORARY = "/run/systemd/system/nginx-edge-rehearsal.service"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None


def variables(role: str) -> dict[str, Any]:
    """The variables of a role that are plain texts or lists."""
    found: dict[str, Any] = {}
    for file in ("defaults", "vars"):
        found.update(read(ROOT / "roles" / role / file / "main.yml") or {})
    return found


def rendered(text: str, known: dict[str, Any], **more: Any) -> str:
    for _round in range(3):  # variables refer to other variables
        text = Environment(autoescape=False).from_string(text).render({**known, **more})  # noqa: S701 - no HTML
    return text


def tasks(node: Any) -> Iterator[dict[str, Any]]:
    for one in node or []:
        yield one
        for part in ("block", "rescue", "always"):
            yield from tasks(one.get(part))


def table_paths(table: Any, known: dict[str, Any]) -> set[str]:
    """The paths of a table of files with contents."""
    entries = [one for one in table if isinstance(one, dict)] if isinstance(table, list) else []
    return {rendered(one["path"], known) for one in entries if "content" in one}


def written(role: str) -> set[str]:
    """The files that the tasks of a role write."""
    known, found = variables(role), set()
    # Tables of files are arguments of the module, or variables.
    for table in known.values():
        found |= table_paths(table, known)
    for path in sorted((ROOT / "roles" / role / "tasks").glob("*.yml")):
        for task in tasks(read(path)):
            found |= table_paths(task.get(TABLE, {}).get("files"), known)
            for module in WRITING:
                if module in task:
                    items = task.get("loop", [""])
                    found |= {rendered(task[module]["dest"], known, item=item) for item in items}
    return found


@pytest.mark.parametrize("role", ROLES)
def test_every_file_that_a_role_writes_is_removed_or_belongs_to_a_package(role: str) -> None:
    known = variables(role)
    lists = [f"__{role}_files", f"__{role}_data"]
    removed = {rendered(path, known) for name in lists for path in known.get(name, [])}
    removed |= {f"/etc/systemd/system/{unit}" for unit in known.get(f"__{role}_timers", [])}
    left = {
        path
        for path in written(role) - SHARED_WITH_PACKAGES
        if not any(path == one or path.startswith(f"{one}/") for one in removed) and not path.startswith(TEMPORARY)
    }
    assert left == set()


def test_the_lists_have_the_paths_of_the_core() -> None:
    edge, share, nginx = (variables(role) for role in ("edge", "share", "nginx"))
    assert {paths.COMMAND, paths.LIBRARY, paths.Layout().lock} == set(edge["__edge_files"])
    assert {paths.Layout().generations, paths.Layout().users, paths.Folders().tls} == set(edge["__edge_data"])
    assert paths.RECEIVE_FOLDER in share["__share_files"]
    assert share["__share_home"] == paths.SHARE_HOME
    assert nginx["__nginx_drop_in"] == paths.Layout().sandbox
    assert nginx["__nginx_source"] == paths.NGINX_ORG_SOURCE
    assert {paths.CACHE_FOLDER, str(Path(paths.RENEWAL_FILE).parent)} <= set(nginx["__nginx_files"])


def test_nothing_is_removed_without_confirmation(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text(f"[edge]\n{LOCAL}", encoding="utf-8")
    done = run(tmp_path, "hardened.nginx_edge.remove", "-i", "hosts", "-e", "ansible_become=false")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "This removes the edge from edge-1. Nothing was changed." in done.stdout
    assert "confirm with -e edge_remove=true" in done.stdout.replace("\n", " ")
    assert "changed=0" in done.stdout
