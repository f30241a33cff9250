# SPDX-License-Identifier: GPL-3.0-or-later
"""The warnings of a host: from results of the roles, and from the user."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.warnings import (
    RESULTS,
    collected_warnings,
)

from ...models import ROOT
from ...plays import LOCAL, run

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Register the result of a role
      ansible.builtin.set_fact:
        __edge_plan: {edge_warnings: [the model]}
        edge_warnings: "{{ edge_warnings | default([]) + ['the backup of ' ~ inventory_hostname, 'the model'] }}"
    - name: Print warnings
      hardened.nginx_edge.edge_report:
        warnings_of: "{{ ansible_play_hosts_all }}"
      run_once: true
"""


def test_each_warning_of_results_and_users_is_collected_once() -> None:
    variables = {
        "__edge_plan": {"edge_warnings": ["one", "two"]},
        "__edge_pairs": {"skipped": True},
        "__edge_configured": {"edge_warnings": ["two", "three"]},
        "__other": {"edge_warnings": ["of no role"]},
    }
    assert collected_warnings(variables, ["the backup", "one"]) == ["one", "two", "three", "the backup"]
    assert collected_warnings({}, None) == []
    assert collected_warnings({}, "one line") == ["one line"]


def test_the_roles_register_or_set_these_results() -> None:
    registered = set()
    for path in (ROOT / "roles").glob("*/tasks/*.yml"):
        registered |= _registered(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert set(RESULTS) <= registered


def _registered(tasks: object) -> set[str]:
    if isinstance(tasks, list):
        return set().union(*map(_registered, tasks))
    if not isinstance(tasks, dict):
        return set()
    inner = (_registered(tasks.get(part)) for part in ("block", "rescue", "always"))
    own = {tasks["register"]} if "register" in tasks else set()
    return own.union(tasks.get("ansible.builtin.set_fact", {}), *inner)


def test_the_report_prints_the_warnings_of_all_hosts(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text(LOCAL + LOCAL.replace("edge-1", "edge-2"), encoding="utf-8")
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    done = run(tmp_path, "-i", "hosts", "play.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING: all 2 hosts: the model\n" in done.stdout
    assert "WARNING: edge-2: the backup of edge-2\n" in done.stdout
