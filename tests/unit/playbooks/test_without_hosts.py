# SPDX-License-Identifier: GPL-3.0-or-later
"""The models of a repository can be checked without its hosts."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.releases import RELEASES
from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT
from ansible_collections.hardened.nginx_edge.tests.unit.plays import run

HOSTS = """
edge:
  hosts:
    edge-1.invalid:
    edge-2.invalid: { edge_http_port: 8080 }
"""
MODEL = """
edge_certificate_source: self_signed
edge_upstreams: [{ name: app, servers: [{ address: "10.0.0.1:80" }] }]
edge_sites:
  - { name: www.example.com, http3: "on", locations: [{ path: /, upstream: app }] }
"""
HTTP3_ERROR = (
    "prod/group_vars/edge/sites.yml:5: edge_sites[0] (www.example.com).http3: "
    "HTTP/3 needs nginx 1.25.0 or newer built --with-http_v3_module; this host has nginx 1.24.0"
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository as ``init`` creates it, with two hosts that do not exist and a model that needs HTTP/3."""
    edges = tmp_path / "edges"
    shutil.copytree(ROOT / "playbooks" / "files" / "ops", edges)
    (edges / "prod" / "hosts.yml").write_text(HOSTS)
    (edges / "prod" / "group_vars" / "edge" / "sites.yml").write_text(MODEL)
    return edges


def check(repository: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run(repository, "check.yml", "-i", "prod", *options)


@pytest.mark.case("G12")
def test_a_correct_model(repository: Path) -> None:
    done = check(repository)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "edge-2.invalid: the model has no errors (1 site, checked for trixie)" in done.stdout
    assert "UNREACHABLE" not in done.stdout


@pytest.mark.case("F4")
def test_the_release_decides_what_nginx_can_do(repository: Path) -> None:
    hosts = HOSTS.replace("8080", "none")
    (repository / "prod" / "hosts.yml").write_text(hosts)
    done = check(repository, "-e", "release=noble")
    assert done.returncode == 2
    assert HTTP3_ERROR in done.stdout
    # the error of the other host
    assert "prod/hosts.yml:5: edge_http_port: expected an integer, got 'none'" in done.stdout
    (repository / "prod" / "hosts.yml").write_text(HOSTS)
    from_nginx_org = check(repository, "-e", "release=noble", "-e", "nginx_repository=nginx_org")
    assert from_nginx_org.returncode == 0, from_nginx_org.stdout


def test_a_model_is_not_deployed_without_the_host(tmp_path: Path) -> None:
    play = [
        {"hosts": "all", "gather_facts": False, "tasks": [{"hardened.nginx_edge.edge_config": {"target": "trixie"}}]}
    ]
    (tmp_path / "play.yml").write_text(json.dumps(play))
    done = run(tmp_path, "-i", "edge-1.invalid,", "play.yml")
    assert done.returncode == 2
    assert "target: trixie selects a check without the host; it needs state: checked" in done.stdout


def test_the_module_offers_all_releases() -> None:
    text = (ROOT / "plugins" / "modules" / "edge_config.py").read_text(encoding="utf-8")
    documentation = yaml.safe_load(text.split('"""')[1])
    assert documentation["options"]["target"]["choices"] == list(RELEASES)


def test_init_lists_new_files_only_and_changes_no_others(repository: Path) -> None:
    (repository / "site.yml").unlink()
    again = run(
        repository.parent, "hardened.nginx_edge.init", "-e", "dest=edges", settings={"PWD": str(repository.parent)}
    )
    printed = json.loads(again.stdout.partition('"msg": ')[2].rpartition("]")[0] + "]")
    assert printed[:2] == [f"New files in {repository}:", "  site.yml"]
    assert [line.split("#")[0].strip() for line in printed[-3:]] == [
        "ansible-playbook check.yml -i prod",
        "ansible-playbook site.yml -i prod --check --diff",
        "ansible-playbook site.yml -i prod",
    ]
    assert (repository / "prod" / "hosts.yml").read_text() == HOSTS
