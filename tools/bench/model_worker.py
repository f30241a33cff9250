# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tools.bench.model_worker edge VARIABLES SITES`` or ``… libyaml MODEL``: one pass over a model.

VARIABLES and MODEL are YAML files, SITES is a directory with a file for each site. It prints the seconds of each part
as JSON. The caller measures the memory of the process.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import (
    PLACEHOLDER,
    Content,
    pack,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.check.certificates import check_certificates
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.check.edge import check
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.model.edge import Edge
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.reader import read_edge
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.site_files import read_site_files
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.render.edge import EdgeView, view_edge
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.render.facts import facts_of
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.render.files import Rendered, digest, render
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.capabilities import Target

REPOSITORY = Path(__file__).resolve().parents[2]
TARGET = Target((1, 26, 3), (3, 5, 1), ("--with-http_v3_module",))
Result = TypeVar("Result")


class Clock:
    """Seconds of each part, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, part: str, work: Callable[[], Result]) -> Result:
        """Do a part of the work."""
        started = time.perf_counter()
        result = work()
        self.seconds[part] = time.perf_counter() - started
        return result


def from_files_to_payload(file: Path, sites: Path) -> dict[str, float]:
    """Seconds of each part."""
    spec = yaml.safe_load((REPOSITORY / "roles/edge/meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = spec["argument_specs"]["model"]["options"]
    templates = REPOSITORY / "roles" / "edge" / "templates"
    variables: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    clock = Clock()
    found = clock.time("read the files", lambda: read_site_files(sites, lambda _path: None))
    reading = clock.time("validate", lambda: read_edge(options, variables, found.sites))
    problems = clock.time("check", lambda: [*check(reading), *check_certificates(reading)])
    if problems:
        raise ValueError(f"the model has errors: {problems[0]}")
    view = clock.time("view", lambda: view_edge(reading.edge, TARGET, generation=PLACEHOLDER, user_files={}))
    rendered = clock.time("render", lambda: render(view, templates))
    clock.time("facts, digest and payload", lambda: _payload_of(reading.edge, view, rendered))
    return clock.seconds


def _payload_of(edge: Edge, view: EdgeView, rendered: Rendered) -> str:
    facts = facts_of(edge, view)
    content = Content(rendered.files, digest(rendered.files, facts), 8090, "0", facts=facts, places=rendered.places)
    return pack(content)


def libyaml(model: Path) -> dict[str, float]:
    """Seconds in which libyaml reads the same model as one text."""
    text = model.read_text(encoding="utf-8")
    clock = Clock()
    clock.time("libyaml", lambda: yaml.load(text, Loader=yaml.CSafeLoader))
    return clock.seconds


if __name__ == "__main__":
    work: dict[str, Callable[..., dict[str, float]]] = {"edge": from_files_to_payload, "libyaml": libyaml}
    print(json.dumps(work[sys.argv[1]](*map(Path, sys.argv[2:]))))
