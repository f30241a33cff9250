# SPDX-License-Identifier: GPL-3.0-or-later
"""A run reads and checks the model of a host once, and again only if something that it depends on has changed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
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


SHARING = """
- hosts: all
  gather_facts: false
  environment: { PATH: "BIN:{{ lookup('ansible.builtin.env', 'PATH') }}" }
  tasks:
    - hardened.nginx_edge.edge_config: { state: checked }
"""
HOSTS = "".join(LOCAL.replace("edge-1", f"edge-{number}") for number in (1, 2, 3))


@pytest.fixture
def counted(tmp_path: Path) -> Callable[..., int]:
    """Runs a playbook with site files, and returns how often the controller has hashed the passwords of the model."""
    programs, reads, inventory = tmp_path / "bin", tmp_path / "reads", tmp_path / "inventory"
    programs.mkdir()
    for program, text in (("nginx", NGINX), ("openssl", OPENSSL)):
        path = programs / program
        path.write_text(text.replace("READS", str(reads)).replace("OPENSSL", str(shutil.which("openssl"))))
        path.chmod(0o755)
    (inventory / "sites.d").mkdir(parents=True)
    (inventory / "group_vars").mkdir()

    def count(playbook: str, hosts: str, site: str, variables: str = "") -> int:
        (inventory / "group_vars" / "all.yml").write_text(USERS + variables, encoding="utf-8")
        (inventory / "hosts").write_text(hosts, encoding="utf-8")
        (inventory / "sites.d" / "www.yml").write_text(site, encoding="utf-8")
        text = playbook.replace("BIN", str(programs)).replace("READS", str(reads))
        (tmp_path / "play.yml").write_text(text.replace("RESULT", str(tmp_path / "result")), encoding="utf-8")
        settings = {"PATH": f"{programs}:{os.environ['PATH']}"}
        done = run(tmp_path, "-i", inventory / "hosts", tmp_path / "play.yml", settings=settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return len(reads.read_text(encoding="utf-8").splitlines())

    return count


@pytest.mark.parametrize(
    ("name", "expected", "times"),
    [("www.example.com", "www.example.com", [1, 3]), ("{{ site_name }}", "api.example.com", [1, 4])],
    ids=["plain", "expression"],
)
def test_the_model_is_checked_once(
    tmp_path: Path, counted: Callable[..., int], name: str, expected: str, times: list[int]
) -> None:
    """A change of a variable in a run counts only if the model contains it."""
    counted(PLAYBOOK.replace("EXPECTED", f"'{expected}'"), LOCAL, SITE.replace("NAME", name))
    assert json.loads((tmp_path / "result").read_text(encoding="utf-8")) == times


ISSUING = """
edge_acme: { email: ops@example.com, agree_tos: true, issuing_edge: edge-1 }
"""


@pytest.mark.parametrize(
    ("name", "variables", "times"),
    [
        ("www.example.com", "", 1),
        ("{{ inventory_hostname }}.example.com", "", 3),
        # The others receive what this one orders.
        ("www.example.com", ISSUING, 3),
    ],
    ids=["same", "own names", "issuing edge"],
)
def test_hosts_with_the_same_model_share_its_check(
    counted: Callable[..., int], name: str, variables: str, times: int
) -> None:
    assert counted(SHARING, HOSTS, SITE.replace("NAME", name), variables) == times
