# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of Ansible in a repository as ``playbooks/init.yml`` creates it, with its settings, and what they cost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..demo.ops import RECAP
from .controller_calls import Calls, read_calls, record_calls
from .edge_host import COLLECTIONS, REPOSITORY, WORK, EdgeHost
from .ssh import connection

PLAYBOOKS = REPOSITORY / "tests" / "bench" / "changes"
SITE = "site.yml"
ROLE = str(PLAYBOOKS / "role.yml")
"""Only the role ``edge``."""
EMPTY = str(PLAYBOOKS / "empty.yml")
"""A play without tasks."""
CHILD = Path(__file__).with_name("controller_child.py")
BIN = Path(sys.executable).parent
TIMEOUT = 3600.0
PATIENCE = 1.0
KIBIBYTES_PER_MEBIBYTE = 1024


@dataclass(frozen=True)
class Run:
    """What a command cost.

    :param seconds: wall-clock time.
    :param cpu_seconds: CPU time of the process and all its descendants, in user and kernel mode.
    :param peak_mebibytes: peak memory (resident set) of the largest of these processes.
    """

    seconds: float
    cpu_seconds: float
    peak_mebibytes: float
    output: str


def run_of(cost: str, output: str) -> Run:
    """What :data:`CHILD` wrote about a command."""
    found = json.loads(cost)
    return Run(found["seconds"], found["cpu_seconds"], found["peak_kibibytes"] / KIBIBYTES_PER_MEBIBYTE, output)


def measured(
    command: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    timeout: float = TIMEOUT,
    patience: float = PATIENCE,
) -> Run:
    """Run a command and measure it.

    :param environment: the whole environment of the command.
    :param timeout: seconds, after which the command and its descendants are killed.
    :param patience: seconds to wait for descendants that outlive the command; later, they do not count.
    :raises RuntimeError: it failed; the message ends with the last lines that it printed.
    :raises subprocess.TimeoutExpired: it did not end in time.
    """
    with tempfile.TemporaryDirectory() as folder:
        cost, output = Path(folder) / "cost.json", Path(folder) / "output"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                (sys.executable, "-ESs", str(CHILD), str(cost), str(patience), *command),
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code = process.wait(timeout)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        text = output.read_text(encoding="utf-8", errors="replace")
        if code:
            last = "\n".join(text.splitlines()[-30:])
            raise RuntimeError(f"{' '.join(command)}: exit code {code}:\n{last}")
        return run_of(cost.read_text(encoding="ascii"), text)


def settings_of_users() -> dict[str, str]:
    """The environment without the developer's settings of Ansible and Python."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    return {
        **own,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_HOME": str(WORK / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
    }


def changed_tasks(output: str) -> dict[str, int]:
    """Host -> number of changed tasks, from the recap of a run.

    :raises RuntimeError: there is no recap.
    """
    found = {match["host"]: int(match["changed"]) for match in RECAP.finditer(output)}
    if not found:
        raise RuntimeError(f"the run ended without a recap:\n{output[-2000:]}")
    return found


class Controller:
    """A repository for edges, and the commands that an operations team runs in it.

    :param name: of its directory in the work directory of the benchmarks.
    :ivar home: the repository, a new one.
    """

    def __init__(self, name: str) -> None:
        self.home = WORK / "controllers" / name
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        self._environment = settings_of_users()
        create = (str(BIN / "ansible-playbook"), "hardened.nginx_edge.init", "-e", f"dest={self.home}")
        measured(create, WORK, {**self._environment, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)})
        (self.home / "collections").symlink_to(COLLECTIONS)
        self.inventory = self.home / "prod"
        for name_of_example in ("acme.yml", "sites.yml"):
            (self.inventory / "group_vars" / "edge" / name_of_example).unlink()

    def write_hosts(
        self,
        hosts: Sequence[EdgeHost],
        variables: Mapping[str, Any],
        connection: Callable[[EdgeHost], Mapping[str, str]] = connection,
    ) -> None:
        """Write the inventory.

        :param variables: of the group ``edge``.
        :param connection: of a host -> its variables for the connection.
        """
        group = {"edge": {"hosts": {host.name: dict(connection(host)) for host in hosts}}}
        write_yaml(self.inventory / "hosts.yml", group)
        write_yaml(self.inventory / "group_vars" / "edge" / "model.yml", variables)

    def write_variables_of(self, host: EdgeHost, variables: Mapping[str, Any]) -> None:
        """Write the variables of a host."""
        write_yaml(self.inventory / "host_vars" / f"{host.name}.yml", variables)

    def write_sites(self, sites: Iterable[Mapping[str, Any]], folder: str = "") -> None:
        """Write sites, each to a file, in place of all sites that were in the directory.

        :param folder: below ``sites.d``; if empty, ``sites.d`` itself.
        """
        directory = self.inventory / "sites.d" / folder
        shutil.rmtree(directory, ignore_errors=True)
        for site in sites:
            write_yaml(directory / f"{site['name']}.yml", site)

    def write_site(self, site: Mapping[str, Any]) -> None:
        """Write one site."""
        write_yaml(self.inventory / "sites.d" / f"{site['name']}.yml", site)

    def ping(self, *options: str) -> Run:
        """Run ``ansible -m ping`` for the group ``edge``."""
        return self.run("ansible", "edge", "-i", "prod", "-m", "ansible.builtin.ping", *options)

    def play(self, playbook: str, *options: str) -> Run:
        """Run a playbook."""
        return self.run("ansible-playbook", playbook, "-i", "prod", *options)

    def play_without_changes(self, playbook: str, *options: str) -> Run:
        """Run a playbook that must change nothing.

        :raises RuntimeError: it failed, or changed something.
        """
        run = self.play(playbook, *options)
        if any(changed_tasks(run.output).values()):
            raise RuntimeError(f"{playbook} changed something:\n{run.output[-4000:]}")
        return run

    def play_recorded(self, playbook: str, *options: str) -> Calls:
        """Run a playbook, and record the modules that it executes."""
        path = self.home / "module_calls.json"
        path.unlink(missing_ok=True)
        self.run("ansible-playbook", playbook, "-i", "prod", *options, **record_calls(path))
        return read_calls(path)

    def run(self, program: str, *arguments: str, **environment: str) -> Run:
        """Run a program of Ansible in the repository.

        :raises RuntimeError: it failed; the message ends with the last lines that it printed.
        """
        return measured((str(BIN / program), *arguments), self.home, {**self._environment, **environment})


def write_yaml(path: Path, content: Any) -> None:
    """Write a file, and create its directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
