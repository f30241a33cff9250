# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/2 without TLS: answers a gRPC call with an empty message, after it was recorded."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Callable

import h2.config
import h2.connection
import h2.events

TAKEN = (":method", ":path", ":scheme")
NO_MESSAGE = b"\0\0\0\0\0"
RESPONSE = [
    (":status", "200"),
    ("content-type", "application/grpc"),
    ("x-powered-by", "Echo/1.0"),
    ("server", "Echo/1.0"),
    ("alt-svc", 'h2="evil.example:443"'),
]


def serve(connection: socket.socket, record: Callable[[str, list[str], bytes], object]) -> None:
    """Serve a connection until the other side closes it.

    :param record: called with the request line, header lines and body of each request.
    """
    config = h2.config.H2Configuration(
        client_side=False, header_encoding="latin-1", validate_inbound_headers=False, normalize_inbound_headers=False
    )
    http2 = h2.connection.H2Connection(config)
    http2.initiate_connection()
    connection.sendall(http2.data_to_send())
    headers: dict[int, list[tuple[str, str]]] = {}
    bodies: dict[int, bytes] = defaultdict(bytes)
    while data := connection.recv(65536):
        for event in http2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                headers[event.stream_id] = [(str(name), str(value)) for name, value in event.headers]
            elif isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] += event.data
                http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                _answer(http2, event.stream_id, headers.pop(event.stream_id), bodies.pop(event.stream_id, b""), record)
        connection.sendall(http2.data_to_send())


def _answer(
    http2: h2.connection.H2Connection,
    stream: int,
    headers: list[tuple[str, str]],
    body: bytes,
    record: Callable[[str, list[str], bytes], object],
) -> None:
    pseudo = dict(headers)
    record(
        f"{pseudo.get(':method')} {pseudo.get(':path')} HTTP/2",
        [f"{name.replace(':authority', 'Host')}: {value}" for name, value in headers if name not in TAKEN],
        body,
    )
    http2.send_headers(stream, RESPONSE)
    http2.send_data(stream, NO_MESSAGE)
    http2.send_headers(stream, [("grpc-status", "0")], end_stream=True)
