# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus of requests: its files, the sample of a quick run, and a judge that notices each kind of difference."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.policy.dropped_headers import DROPPED
from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT
from ansible_collections.hardened.nginx_edge.tools.corpus.deviations import (
    Deviation,
    differences,
    documented,
    read_deviations,
)
from ansible_collections.hardened.nginx_edge.tools.corpus.expand import expanded
from ansible_collections.hardened.nginx_edge.tools.corpus.judge import Complaint, judge
from ansible_collections.hardened.nginx_edge.tools.corpus.marks import new_run
from ansible_collections.hardened.nginx_edge.tools.corpus.responses import Outcome, Response, parse_http1
from ansible_collections.hardened.nginx_edge.tools.corpus.rows import Expectation, Sighting, Step, fill, read_corpus
from ansible_collections.hardened.nginx_edge.tools.shown import read_catalogue

CORPUS = read_corpus()
PROGRAMS = ["molecule/guarantees/programs/echo_backend.py", "tests/containers/recipes/application.py"]
CASES = read_catalogue("case")
VALUES = {"host": "a.test", "host.upper": "A.TEST", "id": "q1", "mark": "q1s0"}
SECURE = (
    ("Server", "nginx"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=()"),
    ("Strict-Transport-Security", "max-age=1"),
    ("X-Frame-Options", "DENY"),
)
STEP = Step(
    site="", tls=True, expect=Expectation([200], backend=Sighting(1, "GET / HTTP/1.1", {"Host": "a"}, ["X-Bad"], 0))
)
ENTRY = {"mark": "q1s0", "server": "app", "line": "GET / HTTP/1.1", "headers": ["Host: a"], "body": "", "body_bytes": 0}


def test_the_corpus_is_large_enough() -> None:
    by_protocol = {one: [row for row in CORPUS.all if row.protocol == one] for one in ("http1", "h2", "h3")}
    assert len(by_protocol["http1"]) >= 400
    assert len(by_protocol["h2"]) + len(by_protocol["h3"]) >= 60


def test_rows_name_cases_that_there_are() -> None:
    assert sorted({row.case for row in CORPUS.all if row.case and row.case not in CASES}) == []


def test_no_name_of_a_row_names_a_system() -> None:
    assert [row.id for row in CORPUS.all if any(system in row.id.split("-") for system in CASES.systems)] == []


def test_every_placeholder_is_known() -> None:
    known = {**VALUES, "edge": "192.0.2.1", "client": "192.0.2.2", "proxy": "192.0.2.3"}
    for row in CORPUS.all:
        for step in row.steps:
            fill(step, known)
    with pytest.raises(ValueError, match="unknown placeholder <<other>>"):
        fill(dataclasses.replace(STEP, send="<<other>>"), known)


def test_requests_carry_their_mark() -> None:
    without = {
        row.id
        for row in CORPUS.all
        for step in row.steps
        if "<<mark>>" not in f"{step.send}{step.fields}" and "<<id>>" not in f"{step.send}{step.fields}"
    }
    # What has no place for a mark: garbage, and answers that no backend takes part in.
    assert {one.partition("/")[0] for one in without} <= {"smuggling", "responses"}
    assert len(without) < 10


def test_a_sample_has_every_topic_and_case() -> None:
    sample = CORPUS.sample(3)
    assert {(row.topic, row.case) for row in sample} == {(row.topic, row.case) for row in CORPUS.all}
    assert len(CORPUS.all) / 4 < len(sample) < len(CORPUS.all) / 2
    assert sample == CORPUS.sample(3)
    assert CORPUS.sample(1) == list(CORPUS.all)


def test_every_dropped_header_has_a_row_in_each_place() -> None:
    rows = [row for row in CORPUS.all if row.topic == "dropped" and row.name.startswith("dropped-")]
    sent: dict[str, set[str]] = {}
    for row in rows:
        line = next(line for line in row.steps[0].send.split("\r\n") if "forged" in line)
        sent.setdefault(line.partition(":")[0].lower(), set()).add(row.name)
    assert {*sent} == {name.lower() for name in DROPPED}
    assert {len(names) for names in sent.values()} == {10}


def test_deviations_are_about_rows_that_there_are() -> None:
    for one in read_deviations(CASES.systems):
        assert one.reason
        assert {*one.systems} <= {*CASES.systems}
        for pattern in one.requests:
            single = dataclasses.replace(one, requests=[pattern])
            assert any(single.covers(row.id, one.systems[0]) for row in CORPUS.all), pattern


def test_a_documented_deviation_has_to_happen() -> None:
    known = [Deviation(["a/*"], ["old"], ["status"], "why")]
    status, body = Complaint("status", "200 instead of 400"), Complaint("body", "no")
    assert differences([status], documented(known, "a/b", "old")) == []
    assert differences([status, body], documented(known, "a/b", "old")) == ["body: no"]
    assert differences([status], documented(known, "a/b", "new")) == ["status: 200 instead of 400"]
    assert differences([], documented(known, "a/b", "old")) == [
        "status: differs no more; remove it from deviations.yml"
    ]


def test_parameters_make_rows() -> None:
    row = {
        "name": "row",
        "with": {"place": "places", "header": ["X-A", "X-B"]},
        "headers": ["<<header.lower>>: <<place.path>>"],
    }
    places = [{"name": "one", "path": "/1/<<header>>"}, {"name": "two", "path": "/2/", "use": {"site": "other"}}]
    rows = list(expanded(row, {"places": places}))
    assert [one["name"] for one in rows] == ["row-one-x-a", "row-one-x-b", "row-two-x-a", "row-two-x-b"]
    assert [one["headers"] for one in rows[1:3]] == [["x-b: /1/X-B"], ["x-a: /2/"]]
    assert [one.get("site") for one in rows] == [None, None, "other", "other"]


def test_two_rows_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "lists.yml").write_text("{}", encoding="utf-8")
    row = "{name: a, request: GET /, expect: {status: 200}}"
    (tmp_path / "topic.yml").write_text(f"rows: [{row}, {row}]", encoding="utf-8")
    with pytest.raises(ValueError, match="named twice: topic/a"):
        read_corpus(tmp_path)


def test_responses_are_read_as_they_come() -> None:
    chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n"
    plain = "HTTP/1.1 404 No\r\nX: 1\r\nX: 2\r\nContent-Length: 2\r\n\r\nno"
    outcome = parse_http1(f"HTTP/1.1 100 Continue\r\n\r\n{chunked}{plain}", closed=True)
    assert [(one.status, one.body) for one in outcome.responses] == [(200, "hello"), (404, "no")]
    assert outcome.responses[1].values("x") == ["1", "2"]
    assert parse_http1("", closed=True).status == "closed"
    assert parse_http1("", closed=False).status == "silent"
    assert parse_http1("<html>", closed=True).status == 0
    assert parse_http1("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", closed=True, head=True).responses[0].body == ""
    assert parse_http1("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nabc", closed=True).responses[0].body == "abc"


def found(step: Step = STEP, *, headers: object = SECURE, status: int = 200, entries: object = (ENTRY,)) -> list[str]:
    """What the judge says differs."""
    outcome = Outcome([Response(status, headers, "body")], closed=True)  # type: ignore[arg-type]
    return [one.about for one in judge([step], [outcome], list(entries), "q1")]  # type: ignore[call-overload]


def test_a_row_as_expected_has_no_difference() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("about", "changes"),
    [
        ("status", {"status": 404}),
        ("leak", {"headers": SECURE[1:]}),
        ("leak", {"headers": (*SECURE, ("X-Powered-By", "PHP"))}),
        ("security", {"headers": (*SECURE, ("Referrer-Policy", "again"))}),
        ("security", {"headers": SECURE[:-1]}),
        ("security", {"headers": [one for one in SECURE if one[0] != "Strict-Transport-Security"]}),
        ("leak", {"headers": (*SECURE, ("Via", "nginx/1.18.0"))}),
        ("leak", {"headers": (*SECURE, ("Alt-Svc", 'h2="evil.example:443"'))}),
        ("backend", {"entries": []}),
        ("backend", {"entries": [ENTRY, ENTRY]}),
        ("backend line", {"entries": [{**ENTRY, "line": "GET /x HTTP/1.1"}]}),
        ("backend headers", {"entries": [{**ENTRY, "headers": ["Host: b"]}]}),
        ("backend headers", {"entries": [{**ENTRY, "headers": ["Host: a", "host: a"]}]}),
        ("backend without", {"entries": [{**ENTRY, "headers": ["Host: a", "x_bad: 1"]}]}),
        ("backend body", {"entries": [{**ENTRY, "body_bytes": 5}]}),
    ],
)
def test_the_judge_notices(about: str, changes: dict[str, object]) -> None:
    assert set(found(**changes)) == {about}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("about", "expectation"),
    [
        ("responses", {"responses": 2}),
        ("headers", {"headers": {"X-Note": "a"}}),
        ("headers", {"headers": {"Server": "~nginx.+"}}),
        ("without", {"without": ["server"]}),
        ("body", {"body": "^other$"}),
        ("body", {"not_body": "bod"}),
        ("never", {"never": ["GET /"]}),
        ("auth", {"auth": Sighting(1)}),
    ],
)
def test_the_judge_notices_what_a_row_asks_for(about: str, expectation: dict[str, object]) -> None:
    asked = dataclasses.replace(STEP.expect, **expectation)  # type: ignore[arg-type]
    assert found(dataclasses.replace(STEP, expect=asked)) == [about]


@pytest.mark.parametrize("path", PROGRAMS)
def test_programs_find_the_marks_of_a_run(path: str) -> None:
    pattern = re.search(r'^MARK = re.compile\(r"(.*)"\)$', (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    assert pattern
    mark = f"{new_run()}x12s3"
    assert re.findall(pattern[1], f"GET /a/{mark}?x") == [mark]


def test_a_run_has_no_value_that_a_row_forbids() -> None:
    runs = [new_run() for _number in range(200)]
    assert len(set(runs)) == 200
    assert not [run for run in runs if re.search(r"[0-9aeiousxy]", run[1:])]
