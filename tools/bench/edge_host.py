# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the benchmarks: containers with systemd, and the playbooks that deploy edges on them.

::

    with edge_host("changes") as host:
        inventory = write_inventory(folder, [host], variables)
        played = play(inventory, "hardened.nginx_edge.site")
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..demo.hosts import SYSTEMD, docker, wait_for_boot

REPOSITORY = Path(__file__).resolve().parents[2]
COLLECTIONS = REPOSITORY / ".cache" / "collections"
WORK = REPOSITORY / ".cache" / "bench"
"""Everything that a run writes, except the page."""
PREFIX = "nginx-edge-bench-"
"""Beginning of the name of each container."""


@dataclass(frozen=True)
class EdgeHost:
    """A running container with systemd.

    :param name: name of the container, and of the host in the inventory.
    """

    name: str

    def execute(self, *argv: str, input_text: str | None = None, timeout: float = 120) -> str:
        """Standard output of a command in the container.

        :param timeout: seconds.
        :raises DemoError: the command failed, or did not end in time.
        """
        return docker("exec", "--interactive", self.name, *argv, input_text=input_text, timeout=timeout)


@dataclass(frozen=True)
class Played:
    """The result of a run of Ansible.

    :param seconds: wall-clock time.
    :param cpu_seconds: CPU time of the controller's processes, in user and kernel mode.
    """

    seconds: float
    cpu_seconds: float
    output: str


def build_images(*images: str) -> None:
    """Build images of ``tests/hosts``, for example ``edge:trixie``; those that did not change are reused."""
    subprocess.run((str(REPOSITORY / "tests" / "hosts" / "build.sh"), *images), check=True)


@contextmanager
def edge_host(name: str, image: str = "edge:trixie", *, options: Sequence[str] = ()) -> Iterator[EdgeHost]:
    """Start a host, and remove it at the end.

    :param name: its name without :data:`PREFIX`.
    :param image: an image of ``tests/hosts``, which must exist.
    :param options: more options of ``docker run``.
    :raises DemoError: the container did not boot.
    """
    host = EdgeHost(f"{PREFIX}{name}")
    remove(host)  # an interrupted run may have left it
    try:
        names = (f"--name={host.name}", f"--hostname={name}")
        docker("run", "--detach", *names, *SYSTEMD, *options, f"nginx-edge/{image}")
        wait_for_boot(host.name)
        yield host
    finally:
        remove(host)


def remove(host: EdgeHost) -> None:
    """Remove a container; it is no error if there is none of this name."""
    if docker("ps", "--all", "--quiet", f"--filter=name=^{host.name}$").strip():
        docker("rm", "--force", "--volumes", host.name)


def write_inventory(folder: Path, hosts: Sequence[EdgeHost], variables: Mapping[str, Any]) -> Path:
    """Write an inventory with the group ``edge``, as JSON, which is YAML.

    :param variables: of the group, for example the model.
    :returns: the path of the file.
    """
    connection = {"ansible_connection": "community.docker.docker", "ansible_python_interpreter": "/usr/bin/python3"}
    group = {"hosts": {host.name: {} for host in hosts}, "vars": {**connection, **variables}}
    path = folder / "inventory.yml"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"edge": group}, indent=1), encoding="utf-8")
    return path


def play(inventory: Path, playbook: str, *arguments: str, **environment: str) -> Played:
    """Run ``ansible-playbook``.

    :param playbook: a path, or the name of a playbook of the collection.
    :param arguments: more arguments, for example ``--tags edge``.
    :raises RuntimeError: it failed; the message ends with the last lines that it printed.
    """
    return run_ansible("ansible-playbook", "-i", str(inventory), playbook, *arguments, **environment)


def run_ansible(program: str, *arguments: str, **environment: str) -> Played:
    """Run a program of Ansible, with the tree as the collection and without the user's own settings.

    :raises RuntimeError: it failed; the message ends with the last lines that it printed.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {"PATH": path, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_NOCOLOR": "1"}
    command = (str(Path(sys.executable).parent / program), *arguments)
    before, started = os.times(), time.monotonic()
    done = subprocess.run(
        command, env={**own, **settings, **environment}, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    seconds, after = time.monotonic() - started, os.times()
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}:\n{last}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Played(seconds, cpu, done.stdout)
