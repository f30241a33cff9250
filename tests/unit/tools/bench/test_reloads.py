# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that reloads an edge uses what the installed command has, and its answers become measurements."""

from __future__ import annotations

import inspect
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli import install
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import paths
from ansible_collections.hardened.nginx_edge.tests.unit.models import errors
from ansible_collections.hardened.nginx_edge.tools.bench import traffic_reload
from ansible_collections.hardened.nginx_edge.tools.bench.results import Measurement, Section
from ansible_collections.hardened.nginx_edge.tools.bench.traffic_agent import PROGRAMS

CORE = "ansible_collections.hardened.nginx_edge.plugins.module_utils._edge"
IMPORT = re.compile(r"^\s+from nginx_edge\.(\S+) import ([\w, ]+)", re.MULTILINE)
H2LOAD = (Path(__file__).resolve().parents[2] / "transcripts" / "bench" / "h2load.txt").read_text(encoding="utf-8")


def test_the_library_has_what_the_program_imports() -> None:
    found = IMPORT.findall((PROGRAMS / "reloads.py").read_text(encoding="utf-8"))
    assert len(found) > 3
    for module, names in found:
        for name in names.split(","):
            assert hasattr(import_module(f"{CORE}.{module}"), name.strip())
    assert {"timeout", "keep"} <= inspect.signature(reload_and_prove).parameters.keys()


def test_the_program_finds_the_library_in_the_installed_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(PROGRAMS))
    reloads: Any = import_module("reloads")
    assert str(reloads.COMMAND) == paths.COMMAND
    command = tmp_path / "nginx-edge"
    command.write_text(install._LAUNCHER.format(library=paths.LIBRARY, version="0123"), encoding="utf-8")
    monkeypatch.setattr(reloads, "COMMAND", command)
    reloads.import_library()
    assert reloads.sys.path[0] == f"{paths.LIBRARY}/0123"


@pytest.mark.parametrize("sites", [1, 3])
def test_the_model_of_an_edge_is_sound(sites: int) -> None:
    models = [traffic_reload.model(sites, http3=http3) for http3 in (False, True)]
    assert [len(model["edge_sites"]) for model in models] == [sites, sites]
    assert [errors(model) for model in models] == [[], []]


def test_an_answer_becomes_metrics() -> None:
    failed = H2LOAD.replace("10000 succeeded, 0 failed", "9980 succeeded, 20 failed")
    failed = failed.replace("10000 2xx, 0 3xx, 0 4xx, 0 5xx", "9980 2xx, 0 3xx, 0 4xx, 3 5xx")
    client = [{"code": 0, "out": out, "err": ""} for out in (H2LOAD, failed)]
    told_beside = {"requests": 178, "failed": 2, "seconds": 9.0, "errors": ["status 000, curl's exit code 56"]}
    beside = [{"code": 0, "out": json.dumps(told_beside), "err": ""}]
    answer = {"proven": 1.5, "gone": 4.0, "during": True, "client": client, "beside": beside}
    measured, told = traffic_reload.values(answer, traffic_reload.HTTP2)
    assert measured == {
        "s until proven": 1.5,
        "s until the old workers ended": 4.0,
        "failed requests": 5.0,
        "requests on a closed connection": 17.0,
        "requests": 19_980.0,
        "% proven before the load ended": 100.0,
    }
    assert told.startswith("requests: 10000 total")
    assert "curl's exit code 56" in told
    assert traffic_reload.values({**answer, "client": []}, traffic_reload.IDLE)[0].keys() == {
        "s until proven",
        "s until the old workers ended",
    }


def test_a_client_that_ended_with_an_error_is_a_failure() -> None:
    answer = {"proven": 1.5, "gone": 4.0, "during": True, "client": [{"code": 1, "out": "", "err": "refused"}]}
    measured, told = traffic_reload.values(answer, traffic_reload.WRK)
    assert (measured["failed requests"], told) == (1.0, "wrk ended with exit code 1: refused")
    measured, told = traffic_reload.values({**answer, "client": []}, traffic_reload.HTTP3)
    assert (measured["failed requests"], told) == (1.0, "python3 printed nothing")


def test_goals_are_those_of_a_thousand_sites() -> None:
    loads = (traffic_reload.IDLE, traffic_reload.WRK, traffic_reload.HTTP3)
    idle, loaded, over_http3 = (traffic_reload.subject(1_000, load) for load in loads)
    section = Section(
        "Reloads",
        (
            Measurement(traffic_reload.subject(1, traffic_reload.IDLE), "edge", "s until proven", (0.1,)),
            Measurement(idle, "edge", "s until proven", (1.9, 2.1, 1.8)),
            Measurement(loaded, "edge", "s until proven", (4.5,)),
            Measurement(loaded, "edge", "failed requests", (0.0, 1.0)),
            Measurement(over_http3, "edge", "failed requests", (1.0, 3.0)),
        ),
    )
    assert idle == "reload, 1,000 sites, idle"
    assert [(goal.ratio, goal.met) for goal in traffic_reload.goals(section)] == [
        (1.9, True),
        (4.5, False),
        (None, None),
        (1.0, False),
        (4.0, False),
        (None, None),
    ]
