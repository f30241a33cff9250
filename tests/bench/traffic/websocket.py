# SPDX-License-Identifier: GPL-3.0-or-later
"""WebSocket without a library (RFC 6455): ``websocket.py serve PORT`` echoes, ``websocket.py ask URL SECONDS`` asks.

The client keeps one connection open, and sends a message twenty times a second. Prints JSON: the messages that came
back, and those that did not.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import socket
import ssl
import sys
import time
from urllib.parse import urlsplit

SALT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE = 0x81, 0x88
MASKED = 0x80
LONGEST = 125
PAUSE = 0.05
PATIENCE = 5.0


def frame(text: bytes, *, masked: bool) -> bytes:
    """A message of up to 125 bytes in one frame."""
    if len(text) > LONGEST:
        raise ValueError("the message is too long")
    if not masked:
        return bytes((TEXT, len(text))) + text
    key = os.urandom(4)
    return bytes((TEXT, MASKED | len(text))) + key + unmask(text, key)


def unmask(text: bytes, key: bytes) -> bytes:
    return bytes(byte ^ key[place % 4] for place, byte in enumerate(text))


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept a connection, and send each message back until it ends."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.split(": ", 1) for line in head.lower().splitlines()[1:] if ": " in line)
        lines = {line.lower().partition(":")[0]: line.partition(": ")[2] for line in head.splitlines()[1:]}
        if fields.get("upgrade") != "websocket":
            raise ConnectionError
        digest = hashlib.sha1(lines["sec-websocket-key"].encode() + SALT, usedforsecurity=False).digest()
        accept = base64.b64encode(digest).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        while True:
            kind, length = await reader.readexactly(2)
            key, text = await reader.readexactly(4), await reader.readexactly(length & ~MASKED)
            if kind == CLOSE:
                break
            writer.write(frame(unmask(text, key), masked=False))
            await writer.drain()
    writer.close()


async def serve(port: int) -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", port)
    await server.serve_forever()


def connect(url: str) -> ssl.SSLSocket:
    """Open a connection, and upgrade it.

    :raises OSError: it is not accepted.
    """
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = socket.create_connection((parts.hostname, parts.port or 443), timeout=PATIENCE)
    secured = context.wrap_socket(plain, server_hostname=parts.hostname)
    key = base64.b64encode(os.urandom(16)).decode()
    secured.sendall(
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        if not (more := secured.recv(1)):
            break
        head += more
    if not head.startswith(b"HTTP/1.1 101"):
        raise OSError(f"not accepted: {head[:60]!r}")
    return secured


def receive(connection: ssl.SSLSocket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        if not (more := connection.recv(length - len(found))):
            raise OSError("the connection was closed")
        found += more
    return found


def exchange(connection: ssl.SSLSocket, sent: bytes) -> None:
    """Send a message, and receive it again.

    :raises OSError: it does not come back.
    """
    connection.sendall(frame(sent, masked=True))
    _kind, length = receive(connection, 2)
    if receive(connection, length) != sent:
        raise OSError("another message came back")


def ask(url: str, seconds: float) -> dict[str, object]:
    """Send messages over one connection; a new one is opened if it breaks."""
    answered, failed, errors = 0, 0, []
    connection = connect(url)
    started = time.monotonic()
    number = 0
    while time.monotonic() - started < seconds:
        number += 1
        sent = f"message {number}".encode()
        try:
            exchange(connection, sent)
            answered += 1
        except OSError as error:
            failed += 1
            errors.append(str(error))
            connection.close()
            connection = connect(url)
        time.sleep(PAUSE)
    connection.close()
    return {"requests": answered, "failed": failed, "seconds": time.monotonic() - started, "errors": errors[:3]}


def main() -> None:
    if sys.argv[1] == "serve":
        asyncio.run(serve(int(sys.argv[2])))
    else:
        print(json.dumps(ask(sys.argv[2], float(sys.argv[3]))))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
