# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions and vaulted values in the model work with different settings of Ansible."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.playbooks.test_one_pass import NGINX
from ansible_collections.hardened.nginx_edge.tests.unit.plays import LOCAL, PROGRAMS, run

SECRET = "Correct-horse-7"  # noqa: S105 - of this test only
VARIABLES = """
base_port: 8000
public: true
weights: { a: 3, b: 1 }
edge_http_port: "{{ base_port + 80 }}"
edge_https_port: "{{ base_port + 443 }}"
edge_print_warnings: "{{ public }}"
edge_upstreams:
  - name: app
    servers: "{{ servers }}"
servers:
  - { address: "10.0.0.1:{{ base_port }}", weight: "{{ weights.a }}" }
  - { address: "10.0.0.2:{{ base_port }}", backup: "{{ public }}" }
edge_user_lists:
  - name: staff
    users:
      - name: anna
        password: PASSWORD
edge_certificate_source: self_signed
site_name: www.example.com
"""
SITE = """
name: "{{ site_name }}"
https: "{{ not public }}"
basic_auth: { users: staff }
locations: [{ path: /, upstream: app }]
"""
PLAYBOOK = """
- hosts: all
  gather_facts: false
  environment: { PATH: "{{ playbook_dir }}/bin:{{ lookup('ansible.builtin.env', 'PATH') }}" }
  tasks:
    - hardened.nginx_edge.edge_config: { state: checked }
      register: checked
    - ansible.builtin.copy:
        content: "{{ checked | to_json }}"
        dest: "{{ playbook_dir }}/result"
"""
SETTINGS = {
    "defaults": {},
    "native Jinja": {"ANSIBLE_JINJA2_NATIVE": "true"},
    "no facts as variables": {"ANSIBLE_INJECT_FACT_VARS": "false"},
    "pipelining": {"ANSIBLE_PIPELINING": "true"},
    "no pipelining": {"ANSIBLE_PIPELINING": "false"},
    "no lines for unchanged tasks": {"ANSIBLE_DISPLAY_OK_HOSTS": "false"},
}


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """A model with expressions, a vaulted variable, and a site file with expressions."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "nginx"
    program.write_text(NGINX)
    program.chmod(0o755)
    (tmp_path / "password").write_text("vault")
    vaulted = _vault(tmp_path, "encrypt_string", SECRET).replace("\n", "\n        ")
    inventory = tmp_path / "inventory"
    (inventory / "group_vars").mkdir(parents=True)
    (inventory / "sites.d").mkdir()
    (inventory / "group_vars" / "all.yml").write_text(VARIABLES.replace("PASSWORD", vaulted), encoding="utf-8")
    (inventory / "sites.d" / "www.yml").write_text(SITE, encoding="utf-8")
    (inventory / "hosts").write_text(LOCAL)
    (tmp_path / "play.yml").write_text(PLAYBOOK)
    return inventory


def _vault(folder: Path, *arguments: str | Path) -> str:
    done = subprocess.run(
        [PROGRAMS / "ansible-vault", *arguments, "--vault-password-file", folder / "password"],
        env={**os.environ, "ANSIBLE_HOME": str(folder / "home")},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def _check(folder: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    arguments = ("-i", folder / "inventory" / "hosts", "play.yml", "--vault-password-file", "password")
    return run(folder, *arguments, settings=settings)


@pytest.mark.usefixtures("inventory")
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_expressions_are_evaluated(tmp_path: Path, settings: dict[str, str]) -> None:
    done = _check(tmp_path, settings)
    assert done.returncode == 0, done.stdout + done.stderr
    checked = json.loads((tmp_path / "result").read_text(encoding="utf-8"))
    assert checked["settings"]["http_port"] == 8080
    assert checked["settings"]["https_port"] == 8443
    assert [site["name"] for site in checked["sites"]] == ["www.example.com"]
    assert SECRET not in done.stdout + done.stderr


def test_a_vaulted_site_file_is_read(tmp_path: Path, inventory: Path) -> None:
    _vault(tmp_path, "encrypt", inventory / "sites.d" / "www.yml")
    done = _check(tmp_path, {})
    assert done.returncode == 0, done.stdout + done.stderr
    checked = json.loads((tmp_path / "result").read_text(encoding="utf-8"))
    assert [site["name"] for site in checked["sites"]] == ["www.example.com"]


def test_an_error_is_printed_without_an_exception(tmp_path: Path, inventory: Path) -> None:
    (inventory / "sites.d" / "www.yml").write_text(SITE.replace("upstream:", "upstrem:"), encoding="utf-8")
    done = _check(tmp_path, {})
    printed = done.stdout + done.stderr
    assert done.returncode == 2
    place = "sites.d/www.yml:5: edge_sites[0] (www.example.com).locations[0].upstrem"
    assert f"{place}: unknown key; did you mean 'upstream'?" in printed
    assert "exception" not in printed.lower()
    assert "Traceback" not in printed
