# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends requests over HTTP/3 with any fields, whether a client may send them or not."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from typing import Any

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamReset

from .http2 import PORT, TIMEOUT
from .responses import Outcome, Response
from .rows import Step

AT_ONCE = 4


class _Client(QuicConnectionProtocol):
    """A connection with one request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._http3 = H3Connection(self._quic)
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.closed = False
        self.done = asyncio.Event()

    def send(self, step: Step) -> None:
        """Send a request."""
        stream = self._quic.get_next_available_stream_id()
        self._http3.send_headers(stream, _encoded(step.fields), end_stream=not (step.data or step.trailers))
        if step.data:
            self._http3.send_data(stream, step.data.encode("latin-1"), end_stream=not step.trailers)
        if step.trailers:
            self._http3.send_headers(stream, _encoded(step.trailers), end_stream=True)
        self.transmit()

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, (StreamReset, ConnectionTerminated)):
            self.closed = True
            self.done.set()
        for one in self._http3.handle_event(event):
            self._take(one)

    def _take(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived) and not self.status:
            pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]
            self.status = int(dict(pairs).get(":status", "0"))
            self.headers = [(name, value) for name, value in pairs if not name.startswith(":")]
        if isinstance(event, DataReceived):
            self.body += event.data
        if isinstance(event, (HeadersReceived, DataReceived)) and event.stream_ended:
            self.done.set()

    def outcome(self) -> Outcome:
        """The response, if one came."""
        found = [Response(self.status, self.headers, self.body.decode("latin-1"))] if self.status else []
        return Outcome(found, closed=self.closed)


def _encoded(fields: Sequence[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]


async def _exchange(step: Step, address: str, name: str) -> Outcome:
    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_NONE, server_name=name, idle_timeout=TIMEOUT
    )
    try:
        async with connect(address, PORT, configuration=configuration, create_protocol=_Client) as client:
            if not isinstance(client, _Client):
                raise TypeError(client)
            client.send(step)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(client.done.wait(), TIMEOUT)
            return client.outcome()
    except ConnectionError as error:
        return Outcome((), closed=True, error=str(error))


async def _job(steps: Sequence[Step], address: str, name: str, limit: asyncio.Semaphore) -> list[Outcome]:
    async with limit:
        return [await _exchange(step, address, name) for step in steps]


async def _all(jobs: Sequence[tuple[str, Sequence[Step]]], address: str) -> list[list[Outcome]]:
    limit = asyncio.Semaphore(AT_ONCE)
    return await asyncio.gather(*(_job(steps, address, name, limit) for name, steps in jobs))


def exchange_all(jobs: Sequence[tuple[str, Sequence[Step]]], address: str) -> list[list[Outcome]]:
    """The outcomes of all jobs, side by side; steps of a job one after the other.

    :param jobs: pairs of a name for SNI and steps.
    """
    return asyncio.run(_all(jobs, address))
