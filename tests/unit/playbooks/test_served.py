# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles compare the served certificates again only if something changed or if a module saw an outdated one."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT
from ansible_collections.hardened.nginx_edge.tests.unit.plays import run

SAME = {"changed": False, "stale": [], "postponed": []}
CHANGED = {**SAME, "changed": True}
STALE = {**SAME, "stale": ["a.example"]}
CASES: Mapping[str, tuple[str, Mapping[str, Any], bool]] = {
    "edge: nothing changed": ("edge/tasks/main.yml", {"__edge_pairs": SAME, "__edge_configured": SAME}, False),
    "edge: a pair was created": ("edge/tasks/main.yml", {"__edge_pairs": CHANGED, "__edge_configured": SAME}, True),
    "edge: a pair was replaced": (
        "edge/tasks/main.yml",
        {"__edge_pairs": {**SAME, "postponed": ["a.example"]}, "__edge_configured": SAME},
        True,
    ),
    "edge: a new generation": ("edge/tasks/main.yml", {"__edge_pairs": SAME, "__edge_configured": CHANGED}, True),
    "edge: interrupted before": ("edge/tasks/main.yml", {"__edge_pairs": STALE, "__edge_configured": SAME}, True),
    "certbot: nothing changed": ("certbot/tasks/issue.yml", {"__certbot_issued": SAME}, False),
    "certbot: issued": ("certbot/tasks/issue.yml", {"__certbot_issued": CHANGED}, True),
    "certbot: interrupted before": ("certbot/tasks/issue.yml", {"__certbot_issued": STALE}, True),
    "certbot: failed": ("certbot/tasks/issue.yml", {"__certbot_issued": {"failed": True, **SAME}}, False),
    "certbot: crashed": ("certbot/tasks/issue.yml", {"__certbot_issued": {"failed": True, "msg": "killed"}}, True),
    "certbot: no result": ("certbot/tasks/issue.yml", {}, True),
}
"""Case -> tasks of the role, registered results, and whether the certificates are compared."""


def conditions(tasks: str) -> list[str]:
    """The conditions under which a file of tasks includes ``served``, itself or through another file of the role."""
    found: list[list[str]] = []

    def search(node: Any, folder: Path, above: list[str]) -> None:
        for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            search(one, folder, above)
        if not isinstance(node, dict):
            return
        file = node.get("ansible.builtin.include_tasks", {}).get("file", "").removesuffix(".yml")
        file = file or node.get("ansible.builtin.include_role", {}).get("tasks_from", "")
        given = node.get("when", [])
        whole = [*above, *(given if isinstance(given, list) else [given])]
        if file == "served":
            found.append(whole)
        elif (folder / f"{file}.yml").is_file():
            search(yaml.safe_load((folder / f"{file}.yml").read_text(encoding="utf-8")), folder, whole)

    path = ROOT / "roles" / tasks
    search(yaml.safe_load(path.read_text(encoding="utf-8")), path.parent, [])
    (only,) = found
    return only


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bool]]:
    """``run`` or ``check`` -> case -> whether the file of tasks ``served`` is included."""
    folder = tmp_path_factory.mktemp("play")
    tasks: list[dict[str, Any]] = [
        {
            "ansible.builtin.set_fact": {"runs": "{{ runs | default({}) | combine({case: true}) }}"},
            "vars": {**variables, "case": case},
            "when": conditions(tasks),
        }
        for case, (tasks, variables, _expected) in CASES.items()
    ]
    tasks.append({"ansible.builtin.debug": {"msg": "RUNS {{ runs | default({}) | to_json | b64encode }} END"}})
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return {mode: _runs(folder, *options) for mode, options in (("run", ()), ("check", ("--check",)))}


def _runs(folder: Path, *options: str) -> dict[str, bool]:
    done = run(folder, "-i", "edge,", "-c", "local", *options, "play.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    text = done.stdout.partition("RUNS ")[2].partition(" END")[0]
    found: dict[str, bool] = json.loads(base64.b64decode(text))
    return found


@pytest.mark.parametrize("case", CASES)
def test_certificates_are_compared(compared: dict[str, dict[str, bool]], case: str) -> None:
    assert compared["run"].get(case, False) is CASES[case][2]


def test_check_mode_compares_nothing(compared: dict[str, dict[str, bool]]) -> None:
    assert compared["check"] == {}
