# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on an edge: clients that send one request after the other on connections that are kept, for some seconds.

``python3 - NAME SECONDS``; prints JSON: requests that got a response, and requests whose connection was closed instead.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
import threading
import time

CLIENTS = 16


class Counts:
    """Of all clients."""

    def __init__(self) -> None:
        self.answered = self.cut = 0
        self.lock = threading.Lock()


def opened(name: str) -> http.client.HTTPConnection:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPConnection(name, timeout=10)
    connection.sock = context.wrap_socket(
        socket.create_connection(("127.0.0.1", 443), timeout=10), server_hostname=name
    )
    return connection


def ask(name: str, end: float, counts: Counts) -> None:
    answered = cut = 0
    connection = opened(name)
    while time.monotonic() < end:
        try:
            connection.request("GET", "/")
            response = connection.getresponse()
            response.read()
            answered += 1
            closed = response.will_close
        except (OSError, http.client.HTTPException):
            cut += 1
            closed = True
        if closed:
            connection.close()
            connection = opened(name)
    with counts.lock:
        counts.answered += answered
        counts.cut += cut


def main() -> None:
    name, seconds = sys.argv[1], float(sys.argv[2])
    counts = Counts()
    end = time.monotonic() + seconds
    clients = [threading.Thread(target=ask, args=(name, end, counts)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    print(json.dumps({"answered": counts.answered, "cut": counts.cut}))  # noqa: T201 - its result


if __name__ == "__main__":
    main()
