# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of Ansible that users have, after the tutorial."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.molecule.tutorial.tests.reader import ARTIFACT, RUN, Reader

OTHER_HOST = """
edge:
  hosts:
    edge-1: { ansible_connection: local }
    edge-2: { ansible_connection: local, edge_http_port: nonsense }
"""


@pytest.fixture(scope="module", params=edges())
def reader(request: pytest.FixtureRequest) -> Reader:
    """The reader has followed the tutorial (test_pages.py, which comes first)."""
    return Reader(request.param)


@pytest.mark.parametrize(
    "settings",
    [
        {"ANSIBLE_INJECT_FACT_VARS": "false", "ANSIBLE_JINJA2_NATIVE": "true", "ANSIBLE_PIPELINING": "false"},
        {"ANSIBLE_DISPLAY_OK_HOSTS": "false", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false", "ANSIBLE_STRATEGY": "free"},
    ],
    ids=["no facts as variables, native Jinja, no pipelining", "only changed tasks are shown, strategy free"],
)
def test_a_run_works_with_settings_that_users_have(reader: Reader, settings: dict[str, str]) -> None:
    """A change of the model is deployed."""
    connections = 2000 + sum(map(ord, str(settings)))
    done = Reader(reader.host, settings).run(f"{RUN} -e edge_worker_connections={connections}")
    assert done.returncode == 0, done.stdout
    assert "1/1 sites healthy" in done.stdout  # the report is always visible
    assert f"worker_connections {connections};" in reader.run("nginx -T").stdout


@pytest.mark.parametrize("method", ["sudo", "su"])
def test_a_run_becomes_root(reader: Reader, method: str) -> None:
    """The inventory names no method. The user ``ops`` may use sudo without a password; for su, it is given."""
    reader.run(
        "echo root:edge-password | chpasswd && cp -RT /srv/first-hour/edges /home/ops/edges && chown -R ops: /home/ops"
    )
    user = Reader(reader.host, {"ANSIBLE_BECOME_METHOD": f"ansible.builtin.{method}"}, user="ops")
    installed = user.run(f"ansible-galaxy collection install --force {ARTIFACT}", "/home/ops")
    assert installed.returncode == 0, installed.stdout
    user.write("password", "edge-password", "/home/ops")
    connections = 1024 + len(method)
    options = f"--skip-tags nginx,exporter -e edge_worker_connections={connections} --become-password-file ../password"
    done = user.run(f"{RUN} {options}", "/home/ops/edges")
    assert done.returncode == 0, done.stdout
    assert f"worker_connections {connections};" in reader.run("nginx -T").stdout


@pytest.mark.parametrize("strategy", ["linear", "free", "host_pinned"])
def test_a_wrong_model_stops_all_hosts_with_every_strategy(reader: Reader, strategy: str) -> None:
    """The other host has a correct model with a change; it is not deployed."""
    reader.write("other.yml", OTHER_HOST)
    before = reader.run("nginx -T 2>/dev/null").stdout
    with_strategy = Reader(reader.host, {"ANSIBLE_STRATEGY": strategy})
    done = with_strategy.run(f"{RUN} -i other.yml -e edge_worker_connections=1099")
    assert done.returncode != 0, done.stdout
    assert "edge_http_port: expected an integer, got 'nonsense'" in done.stdout
    assert reader.run("nginx -T 2>/dev/null").stdout == before
