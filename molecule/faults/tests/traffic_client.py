# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the client: every kind of traffic at once against one edge for some seconds; prints JSON of what came of it.

Fresh connections must all be answered. On a connection that is used again, a server may close between two requests
(RFC 9112, 9.3.1): the client asks once more on a new one, as browsers do, and only if that fails a request has failed.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import socket
import ssl
import subprocess
import sys
import threading
import time

from websockets.asyncio.client import connect

CONTEXT = ssl.create_default_context()
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE  # the certificate changes meanwhile


class Counts:
    """Requests of one kind."""

    def __init__(self) -> None:
        self.done = 0
        self.dropped = 0
        self.failures: list[str] = []

    def told(self) -> dict[str, object]:
        return {"done": self.done, "dropped": self.dropped, "failures": self.failures}


def opened(name: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(name, timeout=10)
    connection.sock = CONTEXT.wrap_socket(socket.create_connection((name, 443), timeout=10), server_hostname=name)
    return connection


def ask(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/text")
    answer = connection.getresponse()
    answer.read()
    if answer.status != http.HTTPStatus.OK:
        raise OSError(f"status {answer.status}")


def asked_afresh(name: str, counts: Counts) -> http.client.HTTPConnection | None:
    """A new connection with one request answered; None when that failed."""
    try:
        connection = opened(name)
        ask(connection)
    except (OSError, http.client.HTTPException) as error:
        counts.failures.append(repr(error))
        return None
    counts.done += 1
    return connection


def fresh(name: str, end: float, counts: Counts) -> None:
    while time.monotonic() < end:
        connection = asked_afresh(name, counts)
        if connection is not None:
            connection.close()


def reused(name: str, end: float, counts: Counts) -> None:
    connection = asked_afresh(name, counts)
    while time.monotonic() < end:
        time.sleep(0.02)
        if connection is not None and is_answered(connection):
            counts.done += 1
        else:
            counts.dropped += 1
            connection = asked_afresh(name, counts)


def is_answered(connection: http.client.HTTPConnection) -> bool:
    try:
        ask(connection)
    except (OSError, http.client.HTTPException):
        return False
    return True


async def socket_echo(name: str, end: float, counts: Counts) -> None:
    try:
        async with connect(f"wss://{name}/ws/", ssl=CONTEXT, open_timeout=10, proxy=None) as web_socket:
            while time.monotonic() < end:
                await web_socket.send(f"message {counts.done}")
                answer = await asyncio.wait_for(web_socket.recv(), timeout=10)
                counts.done += answer == f"message {counts.done}"
                await asyncio.sleep(0.2)
    except Exception as error:  # noqa: BLE001 - whatever it is, the test has to read it
        counts.failures.append(repr(error))


def downloads(name: str) -> dict[str, subprocess.Popen[str]]:
    url = f"https://{name}/files/long"
    told = ("-o", "/dev/null", "-w", "%{http_version} %{http_code} %{size_download}", "--max-time", "60")
    return {
        version: subprocess.Popen(("curl", "-sk", version, *told, url), stdout=subprocess.PIPE, text=True)
        for version in ("--http1.1", "--http2")
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    end = time.monotonic() + options.seconds
    counts = {kind: Counts() for kind in ("fresh", "reused", "web_socket")}
    long = downloads(options.name)
    threads = [threading.Thread(target=fresh, args=(options.name, end, counts["fresh"])) for _number in range(2)]
    threads += [threading.Thread(target=reused, args=(options.name, end, counts["reused"])) for _number in range(4)]
    for thread in threads:
        thread.start()
    asyncio.run(socket_echo(options.name, end, counts["web_socket"]))
    for thread in threads:
        thread.join()
    told = {kind: one.told() for kind, one in counts.items()}
    json.dump({**told, "downloads": [process.communicate()[0] for process in long.values()]}, sys.stdout)


if __name__ == "__main__":
    main()
