# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends requests over HTTP/2 with any fields, whether a client may send them or not."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from .responses import Outcome, Response
from .rows import Step

THREADS = 8
TIMEOUT = 15.0
PORT = 443
CHUNK = 65536


def tls_socket(address: str, name: str, protocol: str = "h2") -> ssl.SSLSocket:
    """A TLS connection to an edge, whose certificate is for other tests to verify."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    return context.wrap_socket(socket.create_connection((address, PORT), TIMEOUT), server_hostname=name)


@dataclass
class _Reading:
    """What has come of a stream so far."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    ended: bool = False
    closed: bool = False

    def take(self, event: h2.events.Event) -> None:
        """Note an event of the connection."""
        if isinstance(event, h2.events.ResponseReceived):
            pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers or ()]
            self.status = int(dict(pairs).get(":status", "0"))
            self.headers = [(name, value) for name, value in pairs if not name.startswith(":")]
        elif isinstance(event, h2.events.DataReceived):
            self.body += event.data or b""
        elif isinstance(event, h2.events.StreamEnded):
            self.ended = True
        elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
            self.closed = True

    def outcome(self) -> Outcome:
        """The response, if one came."""
        found = [Response(self.status, self.headers, self.body.decode("latin-1"))] if self.status else []
        return Outcome(found, closed=self.closed)


def exchange(step: Step, address: str, name: str) -> Outcome:
    """Send a step as the only request of a connection.

    :param name: for SNI.
    """
    reading = _Reading()
    try:
        _converse(step, tls_socket(address, name), reading)
    except TimeoutError:
        pass  # the edge is silent
    except (OSError, h2.exceptions.ProtocolError):
        reading.closed = True
    return reading.outcome()


def _converse(step: Step, connection: ssl.SSLSocket, reading: _Reading) -> None:
    with connection:
        config = h2.config.H2Configuration(
            validate_outbound_headers=False, normalize_outbound_headers=False, header_encoding=None
        )
        http2 = h2.connection.H2Connection(config)
        http2.initiate_connection()
        connection.sendall(http2.data_to_send())
        with contextlib.suppress(OSError):  # the edge may answer and close before the end
            _send(http2, connection, step)
        for event in _events(http2, connection):
            reading.take(event)
            if reading.ended or reading.closed:
                break
        else:
            reading.closed = True


def _send(http2: h2.connection.H2Connection, connection: ssl.SSLSocket, step: Step) -> None:
    stream = http2.get_next_available_stream_id()
    http2.send_headers(stream, _encoded(step.fields), end_stream=not (step.data or step.trailers))
    data = step.data.encode("latin-1")
    if data:
        http2.send_data(stream, data, end_stream=not step.trailers)
    if step.trailers:
        http2.send_headers(stream, _encoded(step.trailers), end_stream=True)
    connection.sendall(http2.data_to_send())


def _encoded(fields: Sequence[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]


def _events(http2: h2.connection.H2Connection, connection: ssl.SSLSocket) -> Iterator[h2.events.Event]:
    """Events until the edge closes the connection; TimeoutError when it is silent."""
    while data := connection.recv(CHUNK):
        yield from http2.receive_data(data)
        connection.sendall(http2.data_to_send())


def exchange_all(jobs: Sequence[tuple[str, Sequence[Step]]], address: str) -> list[list[Outcome]]:
    """The outcomes of all jobs, side by side; steps of a job one after the other.

    :param jobs: pairs of a name for SNI and steps.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda job: [exchange(step, address, job[0]) for step in job[1]], jobs))
