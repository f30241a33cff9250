# SPDX-License-Identifier: GPL-3.0-or-later
"""A run reads and checks the model of a host once, and again only if something that it depends on has changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT

NGINX = """#!/bin/sh
echo 'nginx version: nginx/'${NGINX_VERSION:-1.26.3} >&2
echo 'built with OpenSSL 3.5.0 8 Apr 2025' >&2
echo 'configure arguments: --with-http_v3_module --modules-path=/nowhere' >&2
"""
SITE = """
name: "{{ lookup('ansible.builtin.pipe', 'echo read >> READS; echo www.example.com') }}"
https: false
locations: [{ path: /, return: { status: 204 } }]
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
    - ansible.builtin.shell: wc -l < READS
      register: changed
    - ansible.builtin.copy:
        content: "{{ [unchanged.stdout | int, changed.stdout | int] | to_json }}"
        dest: RESULT
"""


def test_the_model_is_read_once(tmp_path: Path) -> None:
    """The site file counts how often it is read."""
    binary, reads, result = tmp_path / "bin" / "nginx", tmp_path / "reads", tmp_path / "result"
    binary.parent.mkdir()
    binary.write_text(NGINX, encoding="utf-8")
    binary.chmod(0o755)
    inventory = tmp_path / "inventory"
    (inventory / "sites.d").mkdir(parents=True)
    (inventory / "hosts").write_text(f"edge-1 ansible_connection=local ansible_python_interpreter={sys.executable}\n")
    (inventory / "sites.d" / "www.yml").write_text(SITE.replace("READS", str(reads)), encoding="utf-8")
    playbook = PLAYBOOK.replace("BIN", str(binary.parent)).replace("READS", str(reads)).replace("RESULT", str(result))
    (tmp_path / "play.yml").write_text(playbook, encoding="utf-8")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_HOME": str(tmp_path / "home"),
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", inventory / "hosts", tmp_path / "play.yml"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(result.read_text(encoding="utf-8")) == [1, 3]
