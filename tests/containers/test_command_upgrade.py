# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible installs ``nginx-edge`` on the Python of each target, over one of an earlier version whose core was flat."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..unit.models import TARGETS

COLLECTIONS = Path(__file__).resolve().parents[2] / ".cache" / "collections"
ANSIBLE = Path(sys.executable).with_name("ansible")
EARLIER = """\
set -e
folder=/usr/local/lib/nginx-edge/0123456789abcdef
mkdir -p "$folder/nginx_edge"
touch "$folder/nginx_edge/__init__.py"
printf 'def main():\\n    print("earlier")\\n' > "$folder/nginx_edge/cli.py"
{
    printf '#!/usr/bin/python3 -IB\\nimport sys\\n'
    printf 'sys.path.insert(0, "%s")\\nfrom nginx_edge.cli import main\\nsys.exit(main())\\n' "$folder"
} > /usr/local/sbin/nginx-edge
chmod 755 /usr/local/sbin/nginx-edge
"""
IMPORT_ALL = """\
import glob, importlib, pkgutil, sys
(folder,) = glob.glob("/usr/local/lib/nginx-edge/*")
sys.path.insert(0, folder)
import nginx_edge
for module in pkgutil.walk_packages(nginx_edge.__path__, "nginx_edge."):
    importlib.import_module(module.name)
    print(module.name)
"""


class Host:
    """A running container of a target."""

    def __init__(self, suite: str) -> None:
        self.name = f"nginx-edge-upgrade-{suite}-{uuid.uuid4().hex[:8]}"
        self.suite = suite

    def run(self, *argv: str) -> str:
        """What a command in the container prints."""
        return _printed("docker", "exec", self.name, *argv)

    def install(self) -> str:
        """What Ansible prints of installing the command."""
        return _printed(
            *(str(ANSIBLE), "all", "--inventory", f"{self.name},", "--connection", "community.docker.docker"),
            *("--module-name", "hardened.nginx_edge.edge_command"),
        )


def _printed(*argv: str) -> str:
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(params=sorted(TARGETS))
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    host = Host(request.param)
    image = f"nginx-edge/edge:{host.suite}"
    _printed("docker", "run", "--detach", "--rm", "--init", "--name", host.name, image, "sleep", "600")
    try:
        yield host
    finally:
        _printed("docker", "kill", host.name)


def test_the_command_works_after_an_upgrade(host: Host) -> None:
    host.run("sh", "-c", EARLIER)
    assert host.run("nginx-edge") == "earlier\n"
    assert "CHANGED" in host.install()
    assert "SUCCESS" in host.install()
    assert host.run("ls", "/usr/local/lib/nginx-edge") != "0123456789abcdef\n"
    assert "rollback" in host.run("nginx-edge", "--help")
    assert "nginx.conf does not belong to a generation." in host.run("nginx-edge", "list")
    # Ansible packs what the command imports; each of those finds what it needs itself.
    imported = {name.rpartition(".")[2] for name in host.run("python3", "-IB", "-c", IMPORT_ALL).split()}
    assert {"errors", "x509", "reload", "transaction", "renewal", "sharing"} <= imported
