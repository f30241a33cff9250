# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses as they came, whatever the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Response:
    """One response; equal header names stay apart."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: str

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for given, value in self.headers if given.lower() == name.lower()]


@dataclass(frozen=True)
class Outcome:
    """What a client got for a step.

    :param closed: whether the other side ended the connection, or reset the stream.
    """

    responses: Sequence[Response]
    closed: bool
    error: str = ""

    @property
    def status(self) -> int | str:
        """Status of the first response; ``closed`` or ``silent`` without one."""
        if self.responses:
            return self.responses[0].status
        return "closed" if self.closed else "silent"


def parse_http1(received: str, *, closed: bool, head: bool = False, error: str = "") -> Outcome:
    """The responses in what came over a connection of HTTP/1.1; interim ones (1xx) other than 101 are left out.

    :param received: bytes as latin-1.
    :param head: the request's method was HEAD, so its response has no body.
    """
    responses = []
    rest = received
    while rest:
        if not rest.startswith("HTTP/"):
            responses.append(Response(0, (), rest))  # what no client takes for a response
            break
        one, rest = _first(rest, head=head)
        if one.status == HTTPStatus.SWITCHING_PROTOCOLS or one.status >= HTTPStatus.OK:
            responses.append(one)
    return Outcome(responses, closed, error)


def _first(text: str, *, head: bool) -> tuple[Response, str]:
    top, _, rest = text.partition("\r\n\r\n")
    status_line, *lines = top.split("\r\n")
    words = status_line.split(" ", 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    named = {name.lower(): value for name, value in headers}
    if status == HTTPStatus.SWITCHING_PROTOCOLS:
        return Response(status, headers, rest), ""  # what comes next is of another protocol
    if head or status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED) or status < HTTPStatus.OK:
        return Response(status, headers, ""), rest
    if named.get("transfer-encoding", "").lower() == "chunked":
        body, rest = _chunks(rest)
        return Response(status, headers, body), rest
    length = int(named.get("content-length", len(rest)))
    return Response(status, headers, rest[:length]), rest[length:]


def _chunks(text: str) -> tuple[str, str]:
    body = ""
    while text:
        line, _, text = text.partition("\r\n")
        size = int(line.partition(";")[0] or "0", 16)
        if size == 0:
            while (trailer := text.partition("\r\n"))[0]:
                text = trailer[2]
            return body, trailer[2]
        body, text = body + text[:size], text[size + 2 :]
    return body, ""
