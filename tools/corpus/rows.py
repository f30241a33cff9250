# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the corpus: requests, and what has to come of them. ``molecule/guarantees/README.md`` describes the files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from . import websocket
from .expand import PLACEHOLDER, expanded, filled

REQUESTS = Path(__file__).resolve().parents[2] / "molecule" / "guarantees" / "requests"
LISTS = "lists.yml"
PATIENCE = 10.0
FRAMES = {"h2": "HTTP/2", "h3": "HTTP/3"}


@dataclass(frozen=True)
class Sighting:
    """What a server behind the edge must have seen of a step.

    :param count: number of requests; None where it does not matter.
    :param line: the request line.
    :param headers: name -> value, or ``~`` and a regular expression; each exactly once.
    :param without: names that must not be there.
    :param upstream: the upstream that it belongs to, and ``address`` which of its servers, where there are several.
    """

    count: int | None = None
    line: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    without: Sequence[str] = ()
    body_bytes: int | None = None
    upstream: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class Expectation:
    """What has to come of a step.

    :param status: any of these; ``closed`` and ``silent`` for no response, with and without the end of the connection.
    :param responses: how many; None where it does not matter.
    :param backend: the application's sighting; ``auth`` that of the service which ``auth_request`` asks.
    :param never: texts that no request of the row may have, wherever it arrived.
    :param headers: of the response, as in :class:`Sighting`; likewise ``without``.
    :param body: regular expression that the body matches; ``not_body`` one that it does not.
    :param security: whether the response has the full set of security headers.
    :param logged: whether the access log has the request; None where it does not matter.
    """

    status: Sequence[int | str]
    responses: int | None = None
    backend: Sighting | None = None
    auth: Sighting | None = None
    never: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    without: Sequence[str] = ()
    body: str | None = None
    not_body: str | None = None
    security: bool = True
    logged: bool | None = None


@dataclass(frozen=True)
class Step:
    """One connection and its request; texts may have the placeholders that :meth:`Row.filled` replaces.

    :param send: bytes of HTTP/1.1, as latin-1.
    :param fields: header fields of HTTP/2 and HTTP/3, pseudo-headers included; ``trailers`` after the data.
    :param proxy: whether a trusted proxy sends it.
    :param certificate: whether the client shows its certificate.
    :param host: the whole name of the site, in place of ``site``.
    :param source: address of the client; empty for the usual one.
    """

    site: str
    tls: bool
    expect: Expectation
    send: str = ""
    fields: Sequence[tuple[str, str]] = ()
    data: str = ""
    trailers: Sequence[tuple[str, str]] = ()
    proxy: bool = False
    certificate: bool = False
    patience: float = PATIENCE
    pause: float = 0.0
    host: str = ""
    source: str = ""


@dataclass(frozen=True)
class Row:
    """One entry of the corpus.

    :param protocol: ``http1``, ``h2`` or ``h3``.
    :param case: of tests/cases.yml; empty for none.
    """

    topic: str
    name: str
    case: str
    protocol: str
    steps: Sequence[Step]

    @property
    def id(self) -> str:
        """Its name in reports."""
        return f"{self.topic}/{self.name}"


@dataclass(frozen=True)
class Corpus:
    """All rows."""

    all: Sequence[Row]

    def sample(self, every: int) -> list[Row]:
        """Every so many-th row of each topic and case, the first of each included; all rows for 1."""
        seen: dict[tuple[str, str], int] = {}
        chosen = []
        for row in self.all:
            number = seen[row.topic, row.case] = seen.get((row.topic, row.case), -1) + 1
            if number % every == 0:
                chosen.append(row)
        return chosen


def read_corpus(folder: Path = REQUESTS) -> Corpus:
    """The rows of all files of a folder; ValueError where two have the same name."""
    lists = yaml.safe_load((folder / LISTS).read_text(encoding="utf-8"))
    rows = []
    for path in sorted(folder.glob("*.yml")):
        if path.name != LISTS:
            rows += read_rows(path.stem, yaml.safe_load(path.read_text(encoding="utf-8")), lists)
    return Corpus(named_once(rows))


def named_once(rows: list[Row]) -> list[Row]:
    """The rows; ValueError where two have the same name."""
    names = Counter(row.id for row in rows)
    if twice := sorted(name for name, count in names.items() if count > 1):
        raise ValueError(f"named twice: {', '.join(twice)}")
    return rows


def read_rows(topic: str, file: Mapping[str, Any], lists: Mapping[str, Any]) -> list[Row]:
    """The rows of a file.

    :param lists: values of parameters.
    """
    given = [{**file.get("defaults", {}), **row} for row in file["rows"]]
    return [row for one in given for row in _row(topic, one, lists)]


def _row(topic: str, given: Mapping[str, Any], lists: Mapping[str, Any]) -> list[Row]:
    try:
        return [row for one in expanded(given, lists) for row in _protocols(topic, one)]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{topic}.yml: {given.get('name')}: {error!r}") from error


def _protocols(topic: str, given: Mapping[str, Any]) -> Iterator[Row]:
    """A row for each of its protocols."""
    for protocol in given.get("protocols", ["http1"]):
        steps = tuple(_step({**given, **step}, protocol) for step in given.get("steps", [{}]))
        place = topic if protocol == "http1" else f"{protocol}-{topic}"
        yield Row(place, given["name"], given.get("case", ""), protocol, steps)


def _step(given: Mapping[str, Any], protocol: str) -> Step:
    tls = given.get("listener", "tls") == "tls"
    return Step(
        site=given.get("site", ""),
        tls=tls,
        expect=_expectation(given["expect"]),
        send=_http1(given) if protocol == "http1" else "",
        fields=_fields(given) if protocol != "http1" else (),
        data=given.get("body", ""),
        trailers=[(name, value) for name, value in given.get("trailers", [])],
        proxy=given.get("from") == "proxy",
        certificate=bool(given.get("certificate")),
        patience=float(given.get("patience", PATIENCE)),
        pause=float(given.get("pause", 0)),
        host=given.get("host", ""),
        source=given.get("source", ""),
    )


def _host(given: Mapping[str, Any]) -> str:
    if given.get("host"):
        return str(given["host"])
    return f"{given['site']}.<<host>>" if given.get("site") else "<<host>>"


def _http1(given: Mapping[str, Any]) -> str:
    """The bytes of a request: ``raw`` as it is given, otherwise what ``request``, ``headers`` and ``body`` come to.

    ``websocket`` adds a handshake, and a message at once.
    """
    if "raw" in given:
        return str(given["raw"])
    headers = [*given.get("headers", []), *given.get("more_headers", [])]
    names = {header.partition(":")[0].lower() for header in headers}
    head = [f"{given['request']} HTTP/1.1"]
    if "host" not in names:
        head.append(f"Host: {_host(given)}")
    head.append("X-Mark: <<mark>>")
    if "connection" not in names:
        head.append("Connection: close")
    head += headers
    body = given.get("body", "")
    if given.get("websocket"):
        head, body = [*(line for line in head if line != "Connection: close"), *websocket.HANDSHAKE], websocket.MESSAGE
    elif body and not names & {"content-length", "transfer-encoding"}:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", body])


def _fields(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The header fields of a request of HTTP/2 or HTTP/3.

    ``pseudo`` replaces the usual pseudo-headers, and ``omit`` takes some of them away.
    """
    method, _, path = given.get("request", "GET /app/").partition(" ")
    usual = [(":method", method), (":scheme", "https"), (":authority", _host(given)), (":path", path)]
    pseudo = [pair for pair in given.get("pseudo", usual) if pair[0] not in given.get("omit", [])]
    return [(str(name), str(value)) for name, value in [*pseudo, ("x-mark", "<<mark>>"), *given.get("fields", [])]]


def _expectation(given: Mapping[str, Any]) -> Expectation:
    values = dict(given)
    status = values.pop("status")
    for server in ("backend", "auth"):
        if server in values:
            values[server] = _sighting(values[server])
    return Expectation(status=status if isinstance(status, list) else [status], **values)


def _sighting(given: Any) -> Sighting:
    return Sighting(count=given) if isinstance(given, int) else Sighting(**{"count": 1, **given})


def fill(step: Step, values: Mapping[str, str]) -> Step:
    """A step with its placeholders replaced; ValueError for an unknown one."""
    done: Step = filled(step, values)
    if left := PLACEHOLDER.search(f"{done.send}{done.fields}{done.expect}"):
        raise ValueError(f"unknown placeholder {left[0]}")
    return done
