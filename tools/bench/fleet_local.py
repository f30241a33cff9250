# SPDX-License-Identifier: GPL-3.0-or-later
"""``site.yml`` for one edge with ansible-playbook, with ansible-runner, and with ansible-pull on the edge itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from ..demo.hosts import docker
from . import controller_sites as models
from .controller_runs import (
    BIN,
    CHILD,
    PATIENCE,
    SITE,
    Controller,
    Run,
    changed_tasks,
    measured,
    run_of,
    settings_of_users,
)
from .controller_values import CPU, SECONDS, Values
from .edge_host import REPOSITORY, WORK, EdgeHost, edge_host
from .results import Say

ROUNDS = 3
PLAYBOOK, RUNNER, PULL = "ansible-playbook", "ansible-runner", "ansible-pull on the edge"
RUNNER_PROGRAM = WORK / "environment" / "bin" / "ansible-runner"
"""Pinned in requirements-bench.txt."""
ENVIRONMENT = ("env", "HOME=/root", "LC_ALL=C.UTF-8")
COST = "/srv/cost.json"
PULL_COMMAND = (
    "ansible-pull",
    "--url",
    "/srv/edges",
    "--checkout",
    "main",
    "--directory",
    "/var/lib/edges",
    "-i",
    "prod",
)
INSTALL_SECONDS = 600.0


def subject(sites: int) -> str:
    """What each candidate does."""
    return f"site.yml without changes for one edge, {sites:,} https sites"


def install_ansible(host: EdgeHost) -> None:
    """Install Ansible and the collection on an edge, as docs/how-to/ansible-pull.md describes."""
    packages = "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q ansible-core git"
    host.execute("sh", "-c", packages, timeout=INSTALL_SECONDS)
    with TemporaryDirectory() as folder:
        build = (str(BIN / "ansible-galaxy"), "collection", "build", "--output-path", folder, str(REPOSITORY))
        measured(build, WORK, settings_of_users())
        (archive,) = Path(folder).glob("hardened-nginx_edge-*.tar.gz")
        docker("cp", str(archive), f"{host.name}:/srv/{archive.name}")
    install = ("ansible-galaxy", "collection", "install", "--offline", "--no-deps", f"/srv/{archive.name}")
    host.execute(*ENVIRONMENT, *install)


def commit_repository(host: EdgeHost, controller: Controller) -> None:
    """Make the repository of a controller a git repository on an edge."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "edges"
        shutil.copytree(controller.home, copy, ignore=shutil.ignore_patterns("collections"))
        docker("cp", str(copy), f"{host.name}:/srv/edges")
    author = "git -c user.name=ops -c user.email=ops@example.com"
    commit = f"git init --quiet --initial-branch main && git add --all && {author} commit --quiet --message model"
    host.execute("sh", "-c", f"chown -R root:root /srv/edges && cd /srv/edges && {commit}")


def pull(host: EdgeHost) -> Run:
    """Run ansible-pull on an edge.

    :raises DemoError: it failed.
    """
    docker("cp", str(CHILD), f"{host.name}:/srv/{CHILD.name}")
    child = (*ENVIRONMENT, "python3", f"/srv/{CHILD.name}", COST, str(PATIENCE))
    output = host.execute(*child, *PULL_COMMAND, SITE, "--limit", host.name, timeout=INSTALL_SECONDS)
    return run_of(host.execute("cat", COST), output)


def run_with_runner(controller: Controller) -> Run:
    """Run ansible-runner on the controller, as docs/how-to/runner-awx.md describes.

    :raises RuntimeError: it failed.
    """
    folder = WORK / "controllers" / f"{controller.home.name}-runner"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "project").symlink_to(controller.home)
    command = (str(RUNNER_PROGRAM), "run", str(folder), "-p", SITE, "--inventory", str(controller.inventory))
    return measured(command, folder, settings_of_users())


def runner_version() -> str:
    """Version of ansible-runner."""
    return measured((str(RUNNER_PROGRAM), "--version"), WORK, settings_of_users()).output.strip()


def check_unchanged(run: Run) -> Run:
    """The same run.

    :raises RuntimeError: it changed something.
    """
    if any(changed_tasks(run.output).values()):
        raise RuntimeError(f"a run without changes changed something:\n{run.output[-4000:]}")
    return run


def measure(sites: int, say: Say, values: Values) -> None:
    """Measure the three ways in turn, several rounds.

    :raises RuntimeError: a run failed, or changed something.
    """
    with ExitStack() as stack:
        remote = stack.enter_context(edge_host("fleet-remote"))
        local = stack.enter_context(edge_host("fleet-local"))
        controller, pulled = Controller("fleet-remote"), Controller("fleet-local")
        controller.write_hosts([remote], models.VARIABLES)
        pulled.write_hosts([local], models.VARIABLES, connection=lambda _host: {})
        for one in (controller, pulled):
            one.write_sites(models.sites(sites))
        say("ansible-pull: install Ansible and the collection on the edge")
        install_ansible(local)
        commit_repository(local, pulled)
        say(f"deploy {sites:,} https sites on both edges")
        controller.play(SITE)
        pull(local)
        ways: Mapping[str, Callable[[], Run]] = {
            PLAYBOOK: lambda: controller.play(SITE),
            RUNNER: lambda: run_with_runner(controller),
            PULL: lambda: pull(local),
        }
        for number in range(ROUNDS):
            runs = {candidate: check_unchanged(way()) for candidate, way in ways.items()}
            for candidate, run in runs.items():
                values.add_run(subject(sites), candidate, run)
            printed = ", ".join(
                f"{name} {run.seconds:.1f} s, CPU {run.cpu_seconds:.1f} s" for name, run in runs.items()
            )
            say(f"round {number + 1} of {ROUNDS}: {printed}")


def runner_overhead(values: Values, sites: int) -> float | None:
    """Seconds that ansible-runner adds to a run; None if they were not measured."""
    runner, playbook = (values.median(subject(sites), one, SECONDS) for one in (RUNNER, PLAYBOOK))
    return runner - playbook if runner is not None and playbook is not None else None


def pull_cpu(values: Values, sites: int) -> float | None:
    """CPU seconds of a run of ansible-pull, with its modules; None if they were not measured."""
    return values.median(subject(sites), PULL, CPU)
