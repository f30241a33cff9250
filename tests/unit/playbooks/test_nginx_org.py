# SPDX-License-Identifier: GPL-3.0-or-later
"""The address of nginx.org's repository, from what /etc/os-release of a host contains."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT
from ansible_collections.hardened.nginx_edge.tests.unit.plays import LOCAL, run

TASKS = ROOT / "roles" / "nginx" / "tasks" / "install_nginx_org.yml"
TEMPLATE = ROOT / "roles" / "nginx" / "templates" / "nginx_org.sources.j2"
OS_RELEASE = {
    "debian": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n',
    "jammy": 'NAME="Ubuntu"\nVERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=jammy\n',
    "noble": 'NAME="Ubuntu"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=noble\n',
}
EXPECTED = {
    ("debian", "stable"): ("https://nginx.org/packages/debian", "trixie"),
    ("debian", "mainline"): ("https://nginx.org/packages/mainline/debian", "trixie"),
    ("jammy", "stable"): ("https://nginx.org/packages/ubuntu", "jammy"),
    ("noble", "mainline"): ("https://nginx.org/packages/mainline/ubuntu", "noble"),
}


def test_the_address_is_that_of_the_distribution(tmp_path: Path) -> None:
    """The command of the role reads the file, and its template writes the address."""
    reading = yaml.safe_load(TASKS.read_text(encoding="utf-8"))[0]
    script = reading["ansible.builtin.command"]["argv"][-1]
    tasks = []
    for number, (system, channel) in enumerate(EXPECTED):
        (tmp_path / system).write_text(OS_RELEASE[system], encoding="utf-8")
        assert "/etc/os-release" in script
        command = {"argv": ["/bin/sh", "-c", script.replace("/etc/os-release", str(tmp_path / system))]}
        variables = {"nginx_channel": channel, "nginx_repository_url": "https://nginx.org/packages"}
        variables |= {"__nginx_keyring": "/etc/apt/keyrings/nginx.asc", "ansible_managed": "managed"}
        tasks += [
            {"ansible.builtin.command": command, "register": "__nginx_system"},
            {
                "ansible.builtin.template": {"src": str(TEMPLATE), "dest": str(tmp_path / f"sources-{number}")},
                "vars": variables,
            },
        ]
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    (tmp_path / "hosts").write_text(LOCAL)
    done = run(tmp_path, "-i", "hosts", "play.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    for number, (uri, suite) in enumerate(EXPECTED.values()):
        lines = (tmp_path / f"sources-{number}").read_text(encoding="utf-8").splitlines()
        assert {f"URIs: {uri}", f"Suites: {suite}"} <= {*lines}
