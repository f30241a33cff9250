# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads requests of HTTP/1.1, FastCGI and uwsgi, and writes responses: the side of an application."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, Callable

LONGEST_LINE = 1 << 20
BEGIN, PARAMETERS, INPUT, OUTPUT, END = 1, 4, 5, 6, 3
"""Types of the records of FastCGI that are used."""
LONG = 128
"""First byte of a length of four bytes."""


@dataclass
class Request:
    """The head of a request, and ways to read its body and to answer it.

    :param headers: lines of the head; of FastCGI and uwsgi the parameters, as ``NAME: value``.
    :param read_body: called once.
    :param start: called with the status and the header lines of the response, then ``write`` with parts of its body.
    """

    line: str
    headers: list[str]
    read_body: Callable[[], bytes]
    start: Callable[[int, list[str]], None]
    write: Callable[[bytes], Any]
    finish: Callable[[], Any]

    @property
    def values(self) -> dict[str, str]:
        """Lower name -> value of the headers."""
        return {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in self.headers)}

    @property
    def target(self) -> str:
        """Path and query."""
        return [*self.line.split(" "), ""][1]


def read_http(stream: BinaryIO, send: Callable[[bytes], Any]) -> Request | None:
    """The next request of a connection."""
    line = stream.readline(LONGEST_LINE).decode("latin-1").rstrip("\r\n")
    if not line:
        return None
    headers = []
    while (header := stream.readline(LONGEST_LINE).decode("latin-1")) not in ("\r\n", "\n", ""):
        headers.append(header.rstrip("\r\n"))
    values = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in headers)}
    bare = line.startswith("HEAD ")

    def read_body() -> bytes:
        if values.get("transfer-encoding", "").lower() != "chunked":
            return stream.read(int(values.get("content-length") or 0))
        parts = []
        while size := int(stream.readline(LONGEST_LINE).split(b";")[0], 16):
            parts.append(stream.read(size))
            stream.readline()
        while stream.readline(LONGEST_LINE) not in (b"\r\n", b""):
            pass
        return b"".join(parts)

    def start(status: int, lines: list[str]) -> None:
        head = [f"HTTP/1.1 {status} Answer", *lines, *([] if status in (204, 304) else ["Transfer-Encoding: chunked"])]
        send("\r\n".join([*head, "", ""]).encode("latin-1"))

    def write(part: bytes) -> None:
        if part and not bare:
            send(b"%x\r\n%s\r\n" % (len(part), part))

    return Request(line, headers, read_body, start, write, lambda: None if bare else send(b"0\r\n\r\n"))


def read_fastcgi(stream: BinaryIO, send: Callable[[bytes], Any]) -> Request | None:
    """The request of a connection, as PHP-FPM takes it."""
    parameters = b""
    while (record := _record(stream)) and record[0] != INPUT:
        if record[0] == PARAMETERS and not record[1]:
            break
        parameters += record[1] if record[0] == PARAMETERS else b""
    if not record:
        return None
    values = dict(_pairs(parameters))

    def read_body() -> bytes:
        parts = []
        while (one := _record(stream)) and one[1]:
            parts.append(one[1])
        return b"".join(parts)

    def write(part: bytes) -> None:
        for begin in range(0, len(part), 65535):
            piece = part[begin : begin + 65535]
            send(struct.pack("!BBHHBB", 1, OUTPUT, 1, len(piece), 0, 0) + piece)

    def start(status: int, lines: list[str]) -> None:
        write("\r\n".join([f"Status: {status} Answer", *lines, "", ""]).encode("latin-1"))

    def finish() -> None:
        send(struct.pack("!BBHHBB", 1, END, 1, 8, 0, 0) + bytes(8))

    headers = [f"{name}: {value}" for name, value in values.items()]
    return Request(_line(values), headers, read_body, start, write, finish)


def _record(stream: BinaryIO) -> tuple[int, bytes] | None:
    head = stream.read(8)
    if len(head) < 8:
        return None
    _version, kind, _request, length, padding, _reserved = struct.unpack("!BBHHBB", head)
    content = stream.read(length)
    stream.read(padding)
    return kind, content


def _pairs(text: bytes) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        lengths = []
        for _one in range(2):
            width = 1 if text[at] < LONG else 4
            lengths.append(int.from_bytes(text[at : at + width], "big") & (0x7FFFFFFF if width > 1 else 0x7F))
            at += width
        name, value = text[at : at + lengths[0]], text[at + lengths[0] : at + sum(lengths)]
        found.append((name.decode("latin-1"), value.decode("latin-1")))
        at += sum(lengths)
    return found


def read_uwsgi(stream: BinaryIO, send: Callable[[bytes], Any]) -> Request | None:
    """The request of a connection, as uWSGI takes it."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    _modifier, size, _more = struct.unpack("<BHB", head)
    text, at, values = stream.read(size), 0, []
    while at < size:
        (length,) = struct.unpack_from("<H", text, at)
        values.append(text[at + 2 : at + 2 + length].decode("latin-1"))
        at += 2 + length
    found = dict(zip(values[::2], values[1::2]))

    def start(status: int, lines: list[str]) -> None:
        send("\r\n".join([f"HTTP/1.1 {status} Answer", *lines, "", ""]).encode("latin-1"))

    headers = [f"{name}: {value}" for name, value in found.items()]
    length = int(found.get("CONTENT_LENGTH") or 0)
    return Request(_line(found), headers, lambda: stream.read(length), start, send, lambda: None)


def _line(values: dict[str, str]) -> str:
    return " ".join(values.get(name, "") for name in ("REQUEST_METHOD", "REQUEST_URI", "SERVER_PROTOCOL"))


def missing_script(request: Request) -> bool:
    """Whether PHP-FPM would not find the script."""
    return not os.path.isfile(request.values.get("script_filename", ""))


READERS = {"http": read_http, "fastcgi": read_fastcgi, "uwsgi": read_uwsgi}
ONE_REQUEST = ("fastcgi", "uwsgi")
"""Protocols whose connections carry one request."""
