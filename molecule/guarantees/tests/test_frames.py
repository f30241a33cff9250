# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of HTTP/2 out of order or with wrong contents: the connection ends, and nothing reaches a backend."""

from __future__ import annotations

import contextlib
import ssl
import struct

import hpack
import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from ansible_collections.hardened.nginx_edge.molecule.guarantees.tests.edges import SUITES, Edge, journal
from ansible_collections.hardened.nginx_edge.tools.corpus.http2 import tls_socket
from ansible_collections.hardened.nginx_edge.tools.corpus.marks import new_run

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GOAWAY, RST_STREAM = 7, 3
END = ["END_HEADERS", "END_STREAM"]
FEW = 50
"""Bounded: a test shows how an edge reacts, not how much it bears."""
SILENCE = 4.0
IGNORED = ("data-on-an-idle-stream", "frame-too-large")
"""What nginx ignores, or waits for more of, instead of closing the connection at once."""
IGNORED_BY_1_18 = ("settings-on-a-stream",)


def request(edge: Edge, run: str) -> bytes:
    """A block of fields."""
    fields = [(":method", "GET"), (":scheme", "https"), (":authority", edge.name), (":path", f"/app/{run}x1")]
    return hpack.Encoder().encode(fields)


def headers(stream: int, block: bytes, flags: list[str]) -> HeadersFrame:
    return HeadersFrame(stream, block, flags=flags)


def broken(kind: str, block: bytes) -> list[Frame | bytes]:
    """Frames of one kind of fault."""
    cut = [block[:3], block[3:]]
    raw = {"settings-length": (4, 0, 0, b"12345"), "ping-length": (6, 0, 0, b"1234"), "window-length": (8, 0, 1, b"12")}
    if kind in raw:
        number, flags, stream, body = raw[kind]
        return [struct.pack(">I", len(body))[1:] + bytes([number, flags]) + struct.pack(">I", stream) + body]
    table: dict[str, list[Frame | bytes]] = {
        "continuation-without-headers": [ContinuationFrame(1, block, flags=["END_HEADERS"])],
        "data-between-headers": [headers(1, cut[0], ["END_STREAM"]), DataFrame(1, b"x")],
        "continuation-of-another-stream": [
            headers(1, cut[0], ["END_STREAM"]),
            ContinuationFrame(3, cut[1], flags=["END_HEADERS"]),
        ],
        "even-stream": [headers(2, block, END)],
        "stream-zero": [b"\x00\x00" + bytes([len(block), 1, 5]) + b"\0\0\0\0" + block],
        "data-on-an-idle-stream": [DataFrame(5, b"hello")],
        "window-update-zero": [WindowUpdateFrame(0, 0)],
        "window-overflow": [WindowUpdateFrame(0, 2**31 - 1), WindowUpdateFrame(0, 2**31 - 1)],
        "push-promise": [PushPromiseFrame(1, 2, block, flags=["END_HEADERS"])],
        "rst-of-an-idle-stream": [RstStreamFrame(9, 8)],
        "settings-on-a-stream": [b"\x00\x00\x00\x04\x00\x00\x00\x00\x01"],
        "broken-compression": [headers(1, b"\xff\xff\xff\xff\xff\xff\xff", END)],
        "frame-too-large": [b"\xff\xff\xff\x00\x00\x00\x00\x00\x01"],
        "no-preface": [b"GET / HTTP/1.1\r\n\r\n"],
    }
    return table[kind]


def ends(connection: ssl.SSLSocket) -> bool:
    """Whether the edge closes the connection, or says that it will, before it is silent."""
    received = b""
    connection.settimeout(SILENCE)
    try:
        while data := connection.recv(65536):
            received += data
            if any(kind in (GOAWAY, RST_STREAM) for kind in _kinds(received)):
                break
    except TimeoutError:
        return False
    except (ConnectionError, ssl.SSLError):
        pass
    return True


def _kinds(data: bytes) -> list[int]:
    found = []
    while len(data) >= 9:
        length = int.from_bytes(data[:3], "big")
        found.append(data[3])
        data = data[9 + length :]
    return found


def still_serves(edge: Edge) -> bool:
    fresh = new_run()
    with tls_socket(edge.address, edge.name) as connection:
        frames = [SettingsFrame(0), headers(1, request(edge, fresh), END)]
        connection.sendall(PREFACE + b"".join(frame.serialize() for frame in frames))
        received = b""
        while 0 not in _kinds(received):  # data of the response
            received += connection.recv(65536)
    return f"{fresh}x1" in journal(fresh)


FAULTS = (
    "settings-length",
    "ping-length",
    "window-length",
    "continuation-without-headers",
    "data-between-headers",
    "continuation-of-another-stream",
    "even-stream",
    "stream-zero",
    "data-on-an-idle-stream",
    "window-update-zero",
    "window-overflow",
    "push-promise",
    "settings-on-a-stream",
    "broken-compression",
    "frame-too-large",
    "no-preface",
)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("suite", SUITES)
def test_a_broken_frame_ends_the_connection(suite: str, fault: str) -> None:
    edge, run = Edge(suite), new_run()
    frames = [one if isinstance(one, bytes) else one.serialize() for one in broken(fault, request(edge, run))]
    with tls_socket(edge.address, edge.name) as connection:
        start = b"" if fault == "no-preface" else PREFACE + SettingsFrame(0).serialize()
        connection.sendall(start + b"".join(frames))
        assert ends(connection) is (fault not in (IGNORED + IGNORED_BY_1_18 if suite == "bullseye" else IGNORED))
    assert journal(run) == {}
    assert still_serves(edge)


@pytest.mark.parametrize("suite", SUITES)
def test_an_edge_serves_after_many_small_frames(suite: str) -> None:
    """Streams that are reset at once, a block of fields in many pieces, pings, priorities: few of each."""
    edge, run = Edge(suite), new_run()
    block = request(edge, run)
    frames: list[Frame] = [SettingsFrame(0)]
    for stream in range(1, 2 * FEW, 2):
        frames += [headers(stream, block, END), RstStreamFrame(stream, 8)]
    last = 2 * FEW + 1
    frames += [headers(last, block[:1], ["END_STREAM"])]
    frames += [ContinuationFrame(last, block[at : at + 1]) for at in range(1, len(block) - 1)]
    frames += [ContinuationFrame(last, block[-1:], flags=["END_HEADERS"])]
    frames += [PingFrame(0, b"12345678") for _number in range(FEW)]
    frames += [PriorityFrame(last + 2 * number, depends_on=0, stream_weight=1) for number in range(1, FEW)]
    with tls_socket(edge.address, edge.name) as connection, contextlib.suppress(ConnectionError, ssl.SSLError):
        connection.sendall(PREFACE + b"".join(frame.serialize() for frame in frames))
        connection.settimeout(3)
        with contextlib.suppress(TimeoutError):
            while connection.recv(65536):
                pass
    assert still_serves(edge)
