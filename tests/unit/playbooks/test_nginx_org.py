# SPDX-License-Identifier: GPL-3.0-or-later
"""The address of nginx.org's repository, from what /etc/os-release of a host contains."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.system import distribution
from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT
from ansible_collections.hardened.nginx_edge.tests.unit.plays import LOCAL, run

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


class Release(LocalHost):
    """A host with another /etc/os-release."""

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, path: str) -> bytes | None:
        return self.text.encode() if path == "/etc/os-release" else super().read(path)


def test_the_address_is_that_of_the_distribution(tmp_path: Path) -> None:
    """The module reads the file, and the template of the role writes the address."""
    tasks = []
    for number, (system, channel) in enumerate(EXPECTED):
        variables: dict[str, object] = {"nginx_channel": channel, "nginx_repository_url": "https://nginx.org/packages"}
        variables |= {"__nginx_keyring": "/etc/apt/keyrings/nginx.asc", "ansible_managed": "managed"}
        variables["__nginx_host"] = {"distribution": distribution(Release(OS_RELEASE[system]))}
        template = {"src": str(TEMPLATE), "dest": str(tmp_path / f"sources-{number}")}
        tasks.append({"ansible.builtin.template": template, "vars": variables})
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    (tmp_path / "hosts").write_text(LOCAL)
    done = run(tmp_path, "-i", "hosts", "play.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    for number, (uri, suite) in enumerate(EXPECTED.values()):
        lines = (tmp_path / f"sources-{number}").read_text(encoding="utf-8").splitlines()
        assert {f"URIs: {uri}", f"Suites: {suite}"} <= {*lines}
