# SPDX-License-Identifier: GPL-3.0-or-later
"""The WebSocket programs of the benchmarks talk to each other."""

from __future__ import annotations

import asyncio

import pytest

from ansible_collections.hardened.nginx_edge.tests.bench.traffic import websocket

REQUEST = (
    b"GET /ws/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def echoed(*messages: bytes) -> list[bytes]:
    server = await asyncio.start_server(websocket.echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head  # RFC 6455, section 1.3
    found = []
    for message in messages:
        writer.write(websocket.frame(message, masked=True))
        _kind, length = await reader.readexactly(2)
        found.append(await reader.readexactly(length))
    writer.close()
    await writer.wait_closed()
    server.close()
    return found


def test_messages_of_every_length_come_back() -> None:
    messages = [b"x" * length for length in (0, 1, 9, 10, 63, 64, websocket.LONGEST)]
    assert asyncio.run(echoed(*messages)) == messages


def test_a_longer_message_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        websocket.frame(b"x" * (websocket.LONGEST + 1), masked=True)
