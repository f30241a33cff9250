#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends text messages over one WebSocket and prints what comes back, one line each."""

from __future__ import annotations

import argparse
import asyncio
import ssl
import sys

# Not websockets.sync, whose reading and writing threads share one TLS connection: with Debian 13's Python 3.13.5 about
# one handshake in sixty was never sent, and timed out.
from websockets.asyncio.client import connect


async def echo(uri: str, messages: list[str], authority: str | None) -> None:
    """Send each message over one connection and print what comes back; ten seconds for each step."""
    context = ssl.create_default_context(cafile=authority) if uri.startswith("wss:") else None
    async with connect(uri, ssl=context, open_timeout=10, close_timeout=5, proxy=None) as socket:
        for message in messages:
            await socket.send(message)
            answer = await asyncio.wait_for(socket.recv(), timeout=10)
            sys.stdout.write(f"{answer!s}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("uri", help="ws:// or wss:// address")
    parser.add_argument("messages", nargs="+")
    parser.add_argument("--cacert", help="file of the certificate authority to trust")
    arguments = parser.parse_args()
    asyncio.run(echo(arguments.uri, arguments.messages, arguments.cacert))


if __name__ == "__main__":
    main()
