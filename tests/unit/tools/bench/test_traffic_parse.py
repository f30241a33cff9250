# SPDX-License-Identifier: GPL-3.0-or-later
"""Outputs of the load generators, as real runs printed them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tools.bench.traffic_parse import (
    Outcome,
    parse,
    parse_h2load,
    parse_json,
    parse_wrk,
)

TRANSCRIPTS = Path(__file__).resolve().parents[2] / "transcripts" / "bench"


def transcript(name: str) -> str:
    return (TRANSCRIPTS / name).read_text(encoding="utf-8")


def test_wrk_reports_requests_and_latency() -> None:
    assert parse("wrk", transcript("wrk.txt")) == Outcome(8668, 0, 1.09, p50_ms=5.31, p99_ms=75.25)


@pytest.mark.parametrize(
    ("line", "requests", "failed", "errors"),
    [
        (
            "  Socket errors: connect 1, read 12, write 0, timeout 3",
            8668,
            16,
            "Socket errors: connect 1, read 12, write 0, timeout 3",
        ),
        ("  Non-2xx or 3xx responses: 5", 8663, 5, "Non-2xx or 3xx responses: 5"),
    ],
)
def test_errors_of_wrk_are_failed_requests(line: str, requests: int, failed: int, errors: str) -> None:
    text = transcript("wrk.txt").replace("Requests/sec:", f"{line}\nRequests/sec:")
    found = parse_wrk(text)
    assert (found.requests, found.failed, found.errors) == (requests, failed, errors)


@pytest.mark.parametrize(("shown", "milliseconds"), [("812.00us", 0.812), ("75.25ms", 75.25), ("1.20s", 1200.0)])
def test_units_of_wrk_become_milliseconds(shown: str, milliseconds: float) -> None:
    assert parse_wrk(transcript("wrk.txt").replace("75.25ms", shown)).p99_ms == pytest.approx(milliseconds)


def test_a_wrk_without_an_answer_has_no_requests() -> None:
    assert parse_wrk(transcript("wrk-no-answer.txt")).requests == 0


def test_h2load_reports_requests_and_seconds() -> None:
    assert parse("h2load", transcript("h2load.txt")) == Outcome(10_000, 0, 1.74)


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        ("10000 succeeded, 0 failed, 0 errored", "9950 succeeded, 50 failed, 50 errored", 50),
        ("10000 done, 10000 succeeded", "9000 done, 9000 succeeded", 1000),  # some never ended
        ("10000 2xx, 0 3xx", "9990 2xx, 10 3xx", 10),  # h2load counts a redirect as a success
    ],
)
def test_what_h2load_did_not_get_is_failed(old: str, new: str, failed: int) -> None:
    found = parse_h2load(transcript("h2load.txt").replace(old, new))
    assert (found.requests, found.failed) == (10_000 - failed, failed)
    assert found.errors.startswith("requests: 10000 total")


def test_own_programs_print_json() -> None:
    text = '{"requests": 2, "failed": 1, "seconds": 1.5, "errors": ["a", "b"], "bytes_per_second": 5.0}'
    assert parse("python3", text) == Outcome(2, 1, 1.5, bytes_per_second=5.0, errors="a; b")


@pytest.mark.parametrize(
    ("program", "text"), [("wrk", "unable to connect"), ("h2load", "starting benchmark..."), ("python3", "{}")]
)
def test_an_output_without_a_result_is_an_error(program: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"no (?:result|number)"):
        parse(program, text)


def test_json_with_an_unknown_key_is_an_error() -> None:
    with pytest.raises(ValueError, match="no result"):
        parse_json('{"requests": 1, "failed": 0, "seconds": 1, "errors": [], "other": 1}')
