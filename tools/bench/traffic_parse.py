# SPDX-License-Identifier: GPL-3.0-or-later
"""What the load generators print, as numbers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
"""Milliseconds in the units of wrk and h2load."""


@dataclass(frozen=True)
class Outcome:
    """The result of a load.

    :param requests: requests that were answered as they should be.
    :param failed: the others.
    :param refused: those of the failed requests that got an answer, with a status of an error or a redirect.
    :param seconds: how long the load took.
    :param p50_ms: latency of the median request; None if the generator does not report it.
    :param p99_ms: latency that 99 % of the requests did not exceed.
    :param bytes_per_second: rate of a download.
    :param first_byte_ms: time from the request to the first byte of the response.
    :param errors: the failures in the words of the generator.
    """

    requests: int
    failed: int
    seconds: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    bytes_per_second: float | None = None
    first_byte_ms: float | None = None
    errors: str = ""
    refused: int = 0


def parse(program: str, text: str) -> Outcome:
    """Read the output of a load generator.

    :param program: ``wrk``, ``h2load``, or another one, which prints JSON.
    :raises ValueError: the output has no result.
    """
    return {"wrk": parse_wrk, "h2load": parse_h2load}.get(program, parse_json)(text)


def parse_wrk(text: str) -> Outcome:
    """The output of ``wrk --latency``."""
    counted = re.search(r"^\s*(\d+) requests in ([\d.]+)(us|ms|s|m),", text, re.MULTILINE)
    if counted is None:
        raise ValueError(f"wrk printed no number of requests: {text[-500:]}")
    lines = re.findall(r"^\s*(?:Socket errors|Non-2xx or 3xx responses):.*", text, re.MULTILINE)
    answers = _sum(r"Non-2xx or 3xx responses: (\d+)", text)
    sockets = sum(_sum(rf"Socket errors:.*\b{kind} (\d+)", text) for kind in ("connect", "read", "write", "timeout"))
    return Outcome(
        requests=int(counted[1]) - answers,
        failed=answers + sockets,
        seconds=float(counted[2]) * UNITS[counted[3]] / 1000,
        p50_ms=_percentile(50, text),
        p99_ms=_percentile(99, text),
        errors="; ".join(" ".join(line.split()) for line in lines),
        refused=answers,
    )


def parse_h2load(text: str) -> Outcome:
    """The output of ``h2load``. A request without an answer is a failed one."""
    took = re.search(r"^finished in ([\d.]+)(us|ms|s|m),", text, re.MULTILINE)
    counted = re.search(r"^requests: (\d+) total, .*? (\d+) succeeded, .*", text, re.MULTILINE)
    codes = re.search(r"^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text, re.MULTILINE)
    if took is None or counted is None or codes is None:
        raise ValueError(f"h2load printed no result: {text[-500:]}")
    total, answered = int(counted[1]), min(int(counted[2]), int(codes[1]))
    errors = f"{counted[0]}; {codes[0]}" if answered < total else ""
    seconds, other = float(took[1]) * UNITS[took[2]] / 1000, sum(map(int, codes.groups()[1:]))
    return Outcome(answered, total - answered, seconds, errors=errors, refused=other)


def parse_json(text: str) -> Outcome:
    """What the programs in tests/bench/traffic print."""
    try:
        found = json.loads(text)
        return Outcome(**{**found, "errors": "; ".join(found["errors"])})
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"no result: {text[-500:]}") from error


def _percentile(percent: int, text: str) -> float | None:
    found = re.search(rf"^\s*{percent}%\s+([\d.]+)(us|ms|s|m)$", text, re.MULTILINE)
    return float(found[1]) * UNITS[found[2]] if found else None


def _sum(pattern: str, text: str) -> int:
    return sum(map(int, re.findall(pattern, text)))
