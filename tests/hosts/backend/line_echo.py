#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP, UDP and TLS servers that say who they are, whom they see, and what they were sent.

TCP and UDP on 7001, 7002 and 7003, TLS on 7443 with its own certificate: ``PORT PEER LINE`` for each line or
datagram. TCP on 7010 reads what a PROXY protocol says first, and gives it as the peer. Connections stay open.
"""

from __future__ import annotations

import asyncio
import ssl

PORTS = (7001, 7002, 7003)
PROXIED_PORT = 7010
TLS_PORT = 7443


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every line of a connection."""
    port = writer.get_extra_info("sockname")[1]
    peer = writer.get_extra_info("peername")[0]
    try:
        if port == PROXIED_PORT:
            peer = (await reader.readline()).decode(errors="replace").split()[2]
        while line := await reader.readline():
            writer.write(f"{port} {peer} ".encode() + line)
            await writer.drain()
    except (ConnectionError, IndexError):
        pass  # the other side went away, or spoke no PROXY protocol
    finally:
        writer.close()


class Datagrams(asyncio.DatagramProtocol):
    """Answer every datagram."""

    def __init__(self, port: int) -> None:
        self.port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if isinstance(self.transport, asyncio.DatagramTransport):
            self.transport.sendto(f"{self.port} {address[0]} ".encode() + data, address)


async def main() -> None:
    """Serve until the process is ended."""
    pair = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    pair.load_cert_chain("/srv/tls/echo.pem", "/srv/tls/echo.key")
    loop = asyncio.get_running_loop()
    servers = [await asyncio.start_server(echo, "0.0.0.0", port) for port in (*PORTS, PROXIED_PORT)]
    servers.append(await asyncio.start_server(echo, "0.0.0.0", TLS_PORT, ssl=pair))
    for port in PORTS:
        await loop.create_datagram_endpoint(lambda port=port: Datagrams(port), local_addr=("0.0.0.0", port))
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
