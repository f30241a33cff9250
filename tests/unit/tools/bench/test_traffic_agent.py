# SPDX-License-Identifier: GPL-3.0-or-later
"""From the answers of the agent to measurements."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.tools.bench.traffic_agent import (
    Load,
    Question,
    Sample,
    failures,
    measurements,
    metrics,
    sample,
)
from ansible_collections.hardened.nginx_edge.tools.bench.traffic_parse import Outcome

ANSWER: dict[str, Any] = {
    "round": 0,
    "load": "small",
    "candidate": "edge",
    "code": 0,
    "out": '{"requests": 400, "failed": 0, "seconds": 2.0, "errors": []}',
    "err": "",
    "cpu_seconds": 0.02,
    "memory_bytes": 3 * 1024**2,
    "seconds": 2.1,
    "logged": None,
}


def test_an_answer_becomes_metrics() -> None:
    found = metrics(sample(ANSWER, "python3"))
    assert found == {"requests/s": 200.0, "CPU us per request": pytest.approx(50.0), "memory MiB": 3.0}


def test_the_share_of_logged_requests_is_a_metric_of_candidates_with_a_counted_log() -> None:
    assert metrics(sample({**ANSWER, "logged": 300}, "python3"))["% of requests in the log"] == 75.0
    assert metrics(sample({**ANSWER, "logged": 0}, "python3"))["% of requests in the log"] == 0.0


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code": 1, "err": "unable to connect\n"}, "exit code 1: unable to connect"),
        ({"out": "no JSON"}, "no result: no JSON"),
        (
            {"out": '{"requests": 0, "failed": 7, "seconds": 2.0, "errors": ["refused"]}'},
            "no request was answered; refused",
        ),
    ],
)
def test_an_answer_without_a_result_has_no_metrics_and_is_reported(change: dict[str, Any], error: str) -> None:
    one = sample({**ANSWER, **change}, "python3")
    assert (one.outcome, one.error, metrics(one)) == (None, error, {})
    assert failures([one]) == (f"small, edge: 0 failed requests, 1 rounds without a result ({error}).",)


def test_failed_requests_are_a_metric_and_a_note() -> None:
    one = Sample("small", "edge", Outcome(10, 3, 1.0, errors="read 3"))
    assert metrics(one)["failed requests"] == 3.0
    assert failures([one, one]) == ("small, edge: 6 failed requests (read 3).",)
    assert failures([Sample("small", "edge", Outcome(10, 0, 1.0))]) == ()


def test_rounds_become_one_measurement() -> None:
    rounds = [Sample("small", name, Outcome(count, 0, 1.0)) for count in (10, 30, 20) for name in ("edge", "HAProxy")]
    found = measurements(rounds)
    assert [(one.candidate, one.metric) for one in found][:2] == [
        ("edge", "requests/s"),
        ("edge", "CPU us per request"),
    ]
    assert found[0].values == (10.0, 30.0, 20.0)
    assert (found[0].median, found[0].least, found[0].most) == (20.0, 10.0, 30.0)


def test_the_agent_gets_everything_as_json() -> None:
    load = Load(("/usr/bin/wrk", "-c64"), ("edge",), ("true",))
    question = Question({"/a": "b"}, {"edge": {"command": ["nginx"]}}, {"small": load}, 3, ("/c",), {"/d": 5})
    assert json.loads(question.as_json()) == {
        "files": {"/a": "b"},
        "directories": ["/c"],
        "sparse": {"/d": 5},
        "candidates": {"edge": {"command": ["nginx"]}},
        "loads": {"small": {"command": ["/usr/bin/wrk", "-c64"], "candidates": ["edge"], "warm_up": ["true"]}},
        "rounds": 3,
    }
    assert load.program == "wrk"
