# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes of a first day: the repository with the mistake, and what a user sees."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from ansible.release import __version__ as ansible_version

from ..unit.models import ROOT
from ..unit.plays import run

FOLDER = Path(__file__).resolve().parent
REFERENCE = "2.19."
IS_REFERENCE = ansible_version.startswith(REFERENCE)
"""Whether the whole output is compared: other versions of Ansible word their own errors otherwise."""
START = {
    "prod/hosts.yml": "edge:\n  hosts:\n    edge-1.invalid:\n",
    "prod/group_vars/edge/acme.yml": "edge_acme: {email: ops@example.com}\n",
    "prod/group_vars/edge/sites.yml": (
        'edge_upstreams: [{name: app, servers: [{address: "10.0.0.1:80"}]}]\n'
        "edge_sites: [{name: www.example.com, locations: [{path: /, upstream: app}]}]\n"
    ),
}
"""The files of a repository without mistakes."""


@dataclass(frozen=True)
class Mistake:
    """A mistake and the command that shows it; see mistakes.yml."""

    name: str
    files: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=lambda: ["check.yml", "-i", "prod"])


MISTAKES = [Mistake(**one) for one in yaml.safe_load((FOLDER / "mistakes.yml").read_text(encoding="utf-8"))]


def make(mistake: Mistake, folder: Path) -> tuple[int, str]:
    """Exit code, and what a user sees, without the lines that each run prints."""
    edges = folder / "edges"
    shutil.copytree(ROOT / "playbooks" / "files" / "ops", edges)
    for name, text in {**START, **mistake.files}.items():
        path = edges / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    settings = {"ANSIBLE_DISPLAY_OK_HOSTS": "false", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false", "COLUMNS": "400"}
    done = run(edges, *mistake.command, settings=settings)
    printed = (done.stderr + done.stdout).replace(str(edges), "EDGES").replace(str(folder), "FOLDER")
    return done.returncode, "\n".join(_shown(printed)) + "\n"


def _shown(printed: str) -> Iterator[str]:
    """Without banners, recap and blank lines, and without paths of this machine."""
    for line in printed.partition("\nPLAY RECAP")[0].splitlines():
        text = re.sub(r"(?<![\w.])/\S*?/(?=(?:playbooks|roles|plugins|edges)/)", "…/", line).rstrip()
        if text and not re.match(r"(PLAY|TASK) \[", text):
            yield text


def own_lines(shown: str) -> list[str]:
    """What this collection words: errors of the model, and that a run has no hosts. Other lines come from Ansible."""
    named = r"\s*(?:\S+:\d+: )?((?:edge_|nginx_|certbot_|sites\.d/)\S*(?: \([^)]*\)\S*)?: .*)"
    errors = (re.match(named, line) for line in shown.splitlines())
    return [*(one[1] for one in errors if one), *re.findall(r"no host of this run .*GROUP", shown)]
