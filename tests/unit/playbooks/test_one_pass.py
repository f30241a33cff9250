# SPDX-License-Identifier: GPL-3.0-or-later
"""A run reads and checks the model of a host once, and again only if something that it depends on has changed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.plays import LOCAL, run

NGINX = """#!/bin/sh
echo 'nginx version: nginx/'${NGINX_VERSION:-1.26.3} >&2
echo 'built with OpenSSL 3.5.0 8 Apr 2025' >&2
echo 'configure arguments: --with-http_v3_module --modules-path=/nowhere' >&2
"""
OPENSSL = """#!/bin/sh
echo built >> READS
exec OPENSSL "$@"
"""
SITE = """
name: "NAME"
https: false
basic_auth: { users: staff }
locations: [{ path: /, upstream: app }]
"""
USERS = """
edge_upstreams: [{ name: app, servers: [{ address: "10.0.0.1:80" }] }]
edge_user_lists: [{ name: staff, users: [{ name: anna, password: secret }] }]
site_name: www.example.com
"""
PLAYBOOK = """
- hosts: all
  gather_facts: false
  environment: { PATH: "BIN:{{ lookup('ansible.builtin.env', 'PATH') }}" }
  tasks:
    - hardened.nginx_edge.edge_config: { state: checked }
      register: first
    - hardened.nginx_edge.edge_config: { state: checked }
      register: second
    - ansible.builtin.assert:
        that: [first.sites | length == 1, first.sites == second.sites, first.settings == second.settings]
    - ansible.builtin.shell: wc -l < READS
      register: unchanged
    - hardened.nginx_edge.edge_config: { state: checked }
      environment: { NGINX_VERSION: 1.22.1 }
    - hardened.nginx_edge.edge_config: { state: checked }
      vars: { edge_http_port: 8080 }
      environment: { NGINX_VERSION: 1.22.1 }
      register: other
    - ansible.builtin.assert: { that: other.settings.http_port == 8080 }
    - ansible.builtin.set_fact: { site_name: api.example.com }
    - hardened.nginx_edge.edge_config: { state: checked }
      environment: { NGINX_VERSION: 1.22.1 }
      register: named
    - ansible.builtin.assert: { that: "named.sites[0].name == EXPECTED" }
    - ansible.builtin.shell: wc -l < READS
      register: changed
    - ansible.builtin.copy:
        content: "{{ [unchanged.stdout | int, changed.stdout | int] | to_json }}"
        dest: RESULT
"""


@pytest.mark.parametrize(
    ("name", "expected", "times"),
    [("www.example.com", "www.example.com", [1, 4]), ("{{ site_name }}", "api.example.com", [1, 4])],
    ids=["plain", "expression"],
)
def test_the_model_is_checked_once(tmp_path: Path, name: str, expected: str, times: list[int]) -> None:
    """The controller's openssl counts how often the passwords of a model are hashed, which is once for each check."""
    programs, reads, result = tmp_path / "bin", tmp_path / "reads", tmp_path / "result"
    programs.mkdir()
    for program, text in (("nginx", NGINX), ("openssl", OPENSSL)):
        path = programs / program
        path.write_text(text.replace("READS", str(reads)).replace("OPENSSL", str(shutil.which("openssl"))))
        path.chmod(0o755)
    inventory = tmp_path / "inventory"
    (inventory / "sites.d").mkdir(parents=True)
    (inventory / "group_vars").mkdir()
    (inventory / "group_vars" / "all.yml").write_text(USERS, encoding="utf-8")
    (inventory / "hosts").write_text(LOCAL)
    (inventory / "sites.d" / "www.yml").write_text(SITE.replace("NAME", name), encoding="utf-8")
    playbook = PLAYBOOK.replace("BIN", str(programs)).replace("READS", str(reads)).replace("RESULT", str(result))
    (tmp_path / "play.yml").write_text(playbook.replace("EXPECTED", f"'{expected}'"), encoding="utf-8")
    settings = {"PATH": f"{programs}:{os.environ['PATH']}"}
    done = run(tmp_path, "-i", inventory / "hosts", tmp_path / "play.yml", settings=settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(result.read_text(encoding="utf-8")) == times
