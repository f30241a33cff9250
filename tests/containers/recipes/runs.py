# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the requests of a recipe to the real nginx of a system, which serves the model of the recipe as it is.

The container gets the addresses of the upstreams, their sockets and the files of the application. So the model needs
no changes, except for passwords of a vault, and for port 80 of a backend, which nginx itself needs here.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import sample_step
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import PLACEHOLDER
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Layout
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.passwords import hash_password
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import build
from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT, TARGETS, TEMPLATES, planned
from ansible_collections.hardened.nginx_edge.tools.applications import Application
from ansible_collections.hardened.nginx_edge.tools.corpus.judge import judge
from ansible_collections.hardened.nginx_edge.tools.corpus.marks import new_run
from ansible_collections.hardened.nginx_edge.tools.corpus.responses import parse_http1
from ansible_collections.hardened.nginx_edge.tools.corpus.rows import Row, Step, fill

PROGRAMS = (
    *(Path(__file__).with_name(name) for name in ("application.py", "protocols.py", "serve.py")),
    ROOT / "molecule/guarantees/programs/raw_client.py",
)
FOLDER = "requests"
COMMAND = [
    "python3",
    f"/etc/nginx/generations/golden/{FOLDER}/serve.py",
    f"/etc/nginx/generations/golden/{FOLDER}/task.json",
]
EDGE, CLIENT = "192.0.2.1", "203.0.113.7"
VAULT = re.compile(r"\{\{ vault_\w+ \}\}")
PORT_80 = re.compile(r"(?<=\"address\": \")([\d.]+):80(?=\")")
PASSWORD = "secret of the test"  # noqa: S105 - of a test


def variables(application: Application) -> dict[str, Any]:
    """The model of a recipe."""
    text = VAULT.sub(PASSWORD, json.dumps(application.model))
    found: dict[str, Any] = json.loads(PORT_80.sub(r"\g<1>:8000", text))
    return found


def listeners(model: Mapping[str, Any]) -> list[dict[str, str]]:
    """What listens behind the edge."""
    spoken: dict[str, str] = {}
    for site in model["edge_sites"]:
        for location in site["locations"]:
            spoken[location.get("upstream", "")] = location.get("protocol", "http")
            spoken[location.get("php", {}).get("upstream", "")] = "fastcgi"
    return [
        {"upstream": one["name"], "address": server["address"], "protocol": spoken.get(one["name"], "http")}
        for one in model["edge_upstreams"]
        for server in one["servers"]
    ]


class Run:
    """The requests of a recipe on a system.

    :param model: in place of that of the recipe; ValueError if it has problems.
    """

    def __init__(self, application: Application, suite: str, model: dict[str, Any] | None = None) -> None:
        self.model = model or variables(application)
        plan = planned(self.model, TARGETS[suite])
        if plan.problems:
            raise ValueError("\n".join(map(str, plan.problems)))
        self.built = build(plan.edge, TARGETS[suite], TEMPLATES, hash_password)
        self.requests = application.requests
        run = new_run()
        self.rows: dict[str, Row] = {f"{run}x{number}": row for number, row in enumerate(self.requests.rows)}
        user = next((one["name"] for many in self.model.get("edge_user_lists", []) for one in many["users"]), "")
        self.steps = {mark: _filled(row, mark, user) for mark, row in self.rows.items()}

    def generation(self) -> dict[str, str]:
        """The configuration of nginx."""
        return {path: text.replace(PLACEHOLDER, "golden") for path, text in self.built.content.files.items()}

    def users(self) -> dict[str, str]:
        """Path -> text of the files with passwords."""
        return {f"{Layout().users}/{name}": text for name, text in self.built.user_files.items()}

    def files(self) -> dict[str, str]:
        """What the container needs: the generation, the programs and the task."""
        programs = {f"{FOLDER}/{path.name}": path.read_text(encoding="utf-8") for path in PROGRAMS}
        return {**self.generation(), **programs, f"{FOLDER}/task.json": json.dumps(self.task())}

    def task(self) -> dict[str, Any]:
        """For ``serve.py``."""
        behind = listeners(self.model)
        hosts = [address.rpartition(":")[0] for one in behind if not (address := one["address"]).startswith("unix:")]
        sources = [step.source for steps in self.steps.values() for step in steps if step.source]
        return {
            "addresses": sorted({EDGE, CLIENT, *hosts, *sources} - {"127.0.0.1"}),
            "files": {**self.requests.files, **self.users()},
            "links": self.requests.links,
            "folders": sorted({"/".join(path.split("/")[:3]) for path in self.requests.files}),
            "listeners": behind,
            "answers": self.requests.answers,
            "log": any(step.expect.logged is not None for steps in self.steps.values() for step in steps),
            "jobs": [{"id": mark, "steps": [_job(step) for step in steps]} for mark, steps in self.steps.items()],
        }

    def complaints(self, printed: str) -> list[str]:
        """What is wrong, from what ``serve.py`` printed."""
        done = json.loads(printed.splitlines()[-1])
        entries: dict[str, list[dict[str, Any]]] = {}
        for mark, seen in done["journal"].items():
            entries.setdefault(mark.partition("s")[0], []).extend({**entry, "mark": mark} for entry in seen)
        found = []
        for result in done["results"]:
            mark = result["id"]
            steps = self.steps[mark]
            outcomes = [
                parse_http1(
                    one["received"], closed=one["closed"], head=step.send.startswith("HEAD "), error=one["error"]
                )
                for step, one in zip(steps, result["steps"])
            ]
            told = judge(steps, outcomes, entries.get(mark, []), mark)
            found += [f"{self.rows[mark].name}: {one}" for one in told]
        return found


def _filled(row: Row, mark: str, user: str) -> list[Step]:
    credentials = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
    values = {"id": mark, "client": CLIENT, "credentials": credentials}
    return [fill(step, {**values, "mark": f"{mark}s{number}"}) for number, step in enumerate(row.steps)]


def _job(step: Step) -> dict[str, Any]:
    return {
        "tls": step.tls,
        "sni": step.host,
        "address": [EDGE, 443 if step.tls else 80],
        "send": step.send,
        "patience": step.patience,
        "source": step.source or CLIENT,
    }


def chosen(applications: Sequence[Application]) -> list[Application]:
    """All recipes; in a run of a sample, those whose file of requests says ``quick``."""
    return [one for one in applications if sample_step() == 1 or one.requests.quick]
