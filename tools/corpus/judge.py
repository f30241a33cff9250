# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what came of a row with what had to come of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from .responses import Outcome, Response
from .rows import Expectation, Sighting, Step

BACKEND_SERVERS = ("app", "grpc")
LOG = "log"
"""Server of an entry that is a line of the access log."""
SINGLE = ("X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy")
HSTS = "Strict-Transport-Security"
LEAKS = re.compile(r"nginx/|Echo/|evil\.example", re.IGNORECASE)
"""What no response may say: a version, or what the backend says of itself in every response."""
HIDDEN = ("X-Powered-By", "X-Accel-Redirect", "X-Accel-Expires", "X-Accel-Buffering", "X-Accel-Limit-Rate")
WITHOUT_SECURITY = (101, 304)
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Complaint:
    """One difference.

    :param about: what differs, such as ``status`` or ``backend``; documented deviations name it.
    """

    about: str
    text: str

    def __str__(self) -> str:
        return f"{self.about}: {self.text}"


def judge(steps: Sequence[Step], outcomes: Sequence[Outcome], journal: Sequence[Entry], mark: str) -> list[Complaint]:
    """All differences of a row.

    :param steps: with all placeholders replaced.
    :param journal: the requests that carried the row's mark, as the backend recorded them, each with its own ``mark``.
    :param mark: of the row, without the number of a step.
    """
    found: list[Complaint] = []
    for number, (step, outcome) in enumerate(zip(steps, outcomes)):
        label = f"step {number + 1}: " if len(steps) > 1 else ""
        entries = [entry for entry in journal if entry["mark"] in (mark, f"{mark}s{number}")]
        marked = [entry for entry in entries if entry["mark"] != mark] or (entries if len(steps) == 1 else [])
        found += [Complaint(one.about, label + one.text) for one in _step(step, outcome, marked)]
    for text in {text for step in steps for text in step.expect.never}:
        if seen := [
            entry["line"] for entry in journal if text in "\n".join([entry["line"], *entry["headers"], entry["body"]])
        ]:
            found.append(Complaint("never", f"{text!r} arrived: {seen}"))
    return found


def _step(step: Step, outcome: Outcome, entries: Sequence[Entry]) -> Iterator[Complaint]:
    expected = step.expect
    if outcome.status not in expected.status:
        yield Complaint("status", f"{outcome.status} instead of {_any(expected.status)}{_told(outcome)}")
    if expected.responses is not None and len(outcome.responses) != expected.responses:
        yield Complaint("responses", f"{len(outcome.responses)} instead of {expected.responses}")
    for response in outcome.responses:
        yield from _always(response, step)
    if outcome.responses:
        yield from _response(outcome.responses[0], expected)
    for about, sighting, servers in (
        ("backend", expected.backend, BACKEND_SERVERS),
        ("auth", expected.auth, ("auth",)),
    ):
        if sighting is not None:
            seen = [entry for entry in entries if entry["server"] in servers]
            yield from (Complaint(f"{about} {what}".strip(), text) for what, text in _sighting(sighting, seen))
    logged = any(entry["server"] == LOG for entry in entries)
    if expected.logged is not None and logged != expected.logged:
        yield Complaint("log", "the access log has the request" if logged else "the access log lacks the request")


def _any(statuses: Sequence[int | str]) -> str:
    return " or ".join(map(str, statuses))


def _told(outcome: Outcome) -> str:
    return f" ({outcome.error})" if outcome.error else ""


def _always(response: Response, step: Step) -> Iterator[Complaint]:
    """What holds for every response."""
    head = "\n".join(f"{name}: {value}" for name, value in response.headers)
    if leak := LEAKS.search(head):
        yield Complaint("leak", f"{leak[0]} in {head!r}")
    if response.status and response.values("Server") != ["nginx"]:
        yield Complaint("leak", f"Server: {response.values('Server')}")
    for name in HIDDEN:
        if values := response.values(name):
            yield Complaint("leak", f"{name}: {values}")
    of_no_site = response.status == HTTPStatus.BAD_REQUEST and not step.tls  # it may precede the choice of a site
    if response.status in WITHOUT_SECURITY or not step.expect.security or not response.status or of_no_site:
        return
    for name in SINGLE:
        if len(response.values(name)) != 1:
            yield Complaint("security", f"{len(response.values(name))} of {name}")
    hsts = response.values(HSTS)
    if len(hsts) != step.tls and not step.proxy:
        yield Complaint("security", f"{HSTS}: {hsts}")
    framing = [value for value in response.values("Content-Security-Policy") if "frame-ancestors" in value]
    if not framing and not response.values("X-Frame-Options"):
        yield Complaint("security", "any site may frame it")


def _response(response: Response, expected: Expectation) -> Iterator[Complaint]:
    for name, wanted in expected.headers.items():
        values = response.values(name)
        if len(values) != 1 or not _matches(wanted, values[0]):
            yield Complaint("headers", f"{name} is {values} instead of {wanted!r}")
    for name in expected.without:
        if values := response.values(name):
            yield Complaint("without", f"{name}: {values}")
    if expected.body is not None and not re.search(expected.body, response.body):
        yield Complaint("body", f"{response.body[:200]!r} does not match {expected.body!r}")
    if expected.not_body is not None and re.search(expected.not_body, response.body):
        yield Complaint("body", f"{response.body[:200]!r} matches {expected.not_body!r}")


def _sighting(wanted: Sighting, seen: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    if wanted.count is not None and len(seen) != wanted.count:
        yield "", f"saw {len(seen)} requests instead of {wanted.count}: {[entry['line'] for entry in seen]}"
    for entry in seen:
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in entry["headers"])]
        if wanted.line is not None and not _matches(wanted.line, entry["line"]):
            yield "line", f"{entry['line']!r} instead of {wanted.line!r}"
        for name, value in wanted.headers.items():
            values = [given for key, given in headers if key.lower() == name.lower()]
            if len(values) != 1 or not _matches(value, values[0]):
                yield "headers", f"{name} is {values} instead of {value!r}"
        lower = [name.lower().replace("_", "-") for name, _value in headers]
        if got := [name for name in wanted.without if name.lower().replace("_", "-") in lower]:
            yield "without", f"got {', '.join(got)}"
        for key, place in (("upstream", wanted.upstream), ("address", wanted.address)):
            if place is not None and entry[key] != place:
                yield key, f"{entry[key]} instead of {place}"
        if wanted.body_bytes is not None and entry["body_bytes"] != wanted.body_bytes:
            yield "body", f"{entry['body_bytes']} bytes instead of {wanted.body_bytes}"


def _matches(wanted: str, value: str) -> bool:
    return bool(re.fullmatch(wanted[1:], value)) if wanted.startswith("~") else wanted == value
