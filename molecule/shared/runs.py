# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the site playbook against a scenario's hosts, and what an edge is before and after one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.hardened.nginx_edge.tools.traffic import Client

PLAYBOOK = "hardened.nginx_edge.site"
WARNINGS_TASK = "Print warnings"
REPORT_TASK = "Print the report"
TIMEOUT = 600.0
MODEL_ALONE = ("--skip-tags", "nginx,exporter")
"""Options of a run that leaves packages and services alone, as an operator has them where only the model changed."""
_TREE = (
    "cd /etc/nginx && find . -printf '%y %m %p %l\\n' | LC_ALL=C sort"
    " && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum"
)
_GENERATION = (
    "import sys, urllib.request as r; print(r.urlopen('http://127.0.0.1:8090/generation', timeout=10).read().decode())"
)


@dataclass(frozen=True)
class Run:
    """What became of a run of the playbook.

    :param failures: host -> message of the task that failed there; likewise ``changed`` -> number of changed tasks.
    :param diffs: host -> text of all diffs that were shown.
    :param warnings: the printed warnings, a list for each time that they were printed.
    :param output: everything that the run printed.
    :param summary: host -> what the run came to.
    :param report: the report of the run as data.
    """

    code: int
    changed: Mapping[str, int]
    failures: Mapping[str, str]
    diffs: Mapping[str, str]
    warnings: Sequence[Sequence[str]]
    summary: Mapping[str, str]
    stderr: str
    output: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        failures = "".join(f"\n{host}: {message}" for host, message in self.failures.items())
        return f"exit code {self.code}, changed {dict(self.changed)}{failures}\n{self.stderr}"


def run_site(
    *options: str,
    variables: Mapping[str, Any],
    folder: Path,
    inventories: Sequence[Path] = (),
    playbook: str = PLAYBOOK,
    timeout: float = TIMEOUT,
) -> Run:
    """Run the playbook as an operator would, with molecule's inventory and settings.

    :param variables: take precedence over the scenario's.
    :param folder: where the variables are written for the run.
    :param inventories: further ones, whose variables of hosts take precedence over the scenario's.
    :param playbook: default is ``site``.
    :param timeout: seconds for all of it.
    """
    file = folder / "variables.json"
    # A test's edges have nothing to do with each other, unless it says so.
    alone = {"edge_batches": ["100%"], "edge_max_fail_percentage": 100, "edge_remove_sites": True}
    file.write_text(json.dumps({**alone, **variables}), encoding="utf-8")
    sources = [os.environ["MOLECULE_INVENTORY_FILE"], *map(str, inventories)]
    argv = ["ansible-playbook", playbook, "-e", f"@{file}", *options]
    argv += [word for source in sources for word in ("-i", source)]
    done = subprocess.run(
        argv,
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_FORCE_COLOR": "false"},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    try:
        told = json.loads(done.stdout)
    except ValueError as error:
        raise RuntimeError(f"the run told nothing: {done.stdout}{done.stderr}") from error
    lines = [line for part in _told_by(told, REPORT_TASK) for line in part]
    reports = [found for task in (WARNINGS_TASK, REPORT_TASK) for found in _told_by(told, task, "report")]
    report = reports[-1] if reports else {}
    return Run(
        code=done.returncode,
        changed={host: int(counts["changed"]) for host, counts in told["stats"].items()},
        failures={host: str(result.get("msg")) for host, result in _results(told) if result.get("failed")},
        diffs=_diffs(told),
        warnings=[found["warnings"] for found in reports if found["warnings"]],
        summary=dict(line.split(": ", 1) for line in lines if not line.startswith((" ", "WARNING: "))),
        report=report,
        stderr=done.stderr,
        output=done.stdout,
    )


def _results(told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for play in told["plays"]:
        for task in play["tasks"]:
            yield from task["hosts"].items()


def _told_by(told: Mapping[str, Any], task_name: str, key: str = "msg") -> list[Any]:
    return [
        result[key]
        for play in told["plays"]
        for task in play["tasks"]
        if task["task"]["name"].endswith(task_name)
        for result in task["hosts"].values()
        if key in result
    ]


def _diffs(told: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for host, result in _results(told):
        shown = result.get("diff") or []
        for one in [shown] if isinstance(shown, Mapping) else shown:
            found[host] = found.get(host, "") + _lines_of(one)
    return found


def _lines_of(diff: Mapping[str, Any]) -> str:
    """A diff as lines: its headers, then what goes and what comes."""
    before, after = (str(diff.get(side) or "").splitlines() for side in ("before", "after"))
    gone = [f"- {line.strip()}" for line in before if line not in after]
    new = [f"+ {line.strip()}" for line in after if line not in before]
    return "\n".join([f"= {diff.get('after_header', '')}", *gone, *new, ""])


@dataclass(frozen=True)
class State:
    """An edge as it stands, on disk and as a client sees it.

    :param tree: names, modes and links below ``/etc/nginx``, and the digests of all files there.
    :param sound: whether nginx would start with what is on disk.
    :param generation: the one that answers.
    :param served: status and body of each path asked for.
    """

    tree: frozenset[str]
    sound: bool
    generation: str
    served: tuple[tuple[int, str], ...]


def look_at(edge: Client, client: Client, urls: Sequence[str]) -> State:
    """The state of an edge now; RuntimeError when it does not answer."""
    answers = [client.get(url) for url in urls]
    return State(
        tree=frozenset(edge.run("sh", "-c", _TREE).splitlines()),
        sound=edge.attempt("nginx", "-t").returncode == 0,
        generation=edge.run("python3", "-c", _GENERATION).strip(),
        served=tuple((answer.status, answer.body) for answer in answers),
    )
