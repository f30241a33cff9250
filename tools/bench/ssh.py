# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH connections to the hosts of the benchmarks, as operations teams have them: an account with sudo, and a key."""

from __future__ import annotations

from ..demo.hosts import docker, open_ssh
from .edge_host import WORK, EdgeHost

USER = "ops"
"""An account of the image, which may run every command with sudo."""


def connection(host: EdgeHost) -> dict[str, str]:
    """Let the controller connect to a host; return the variables of the inventory for that.

    :raises DemoError: the host has no account or no SSH server.
    """
    folder = WORK / "ssh" / host.name
    folder.mkdir(parents=True, exist_ok=True)
    address = docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", host.name).strip()
    key, known_hosts = open_ssh(folder, host.name, address)
    return {
        "ansible_host": address,
        "ansible_user": USER,
        "ansible_ssh_private_key_file": str(key),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={known_hosts}",
    }
