# SPDX-License-Identifier: GPL-3.0-or-later
"""A tag runs its whole role, and what frames every run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT

INCLUDES = ("ansible.builtin.include_role", "ansible.builtin.include_tasks")
FILES = sorted(ROOT.glob("roles/*/tasks/*.yml"))


def tasks_of(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in listed:
        inner = [one for part in ("block", "rescue", "always") for one in task.get(part, [])]
        yield from tasks_of(inner) if inner else [task]


@pytest.mark.case("G1")
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_included_tasks_run_with_the_tag_of_their_role(path: Path) -> None:
    """Ansible does not pass the tags of an include on to the included tasks."""
    for task in tasks_of(yaml.safe_load(path.read_text(encoding="utf-8"))):
        for action in INCLUDES:
            if action in task:
                assert task[action]["apply"]["tags"] == "always", task["name"]


@pytest.mark.case("G1")
def test_each_role_has_its_name_as_a_tag_and_all_else_runs_always() -> None:
    plays = yaml.safe_load((ROOT / "playbooks" / "site.yml").read_text(encoding="utf-8"))
    for play in plays[1:]:
        for task in tasks_of(play["tasks"]):
            role = task.get("ansible.builtin.import_role", {}).get("name", "").rpartition(".")[2]
            tags = task.get("tags", play.get("tags"))
            if role:
                assert tags == role
            else:
                assert tags in ("always", "nginx", "certbot"), task["name"]
            if "ansible.builtin.include_role" in task:
                assert task["ansible.builtin.include_role"]["apply"]["tags"] == "always", task["name"]
