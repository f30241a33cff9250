# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens one TLS connection after the other, each for one request: ``handshakes.py URL SECONDS [--resume]``.

Several processes do this at the same time. With ``--resume``, each connection resumes the session of the one before it;
without, no connection resumes a session. Prints JSON: the connections, those that failed or were not of this kind, and
milliseconds from the first packet to the end of the handshake.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import socket
import ssl
import statistics
import time
from urllib.parse import urlsplit

PROCESSES = 4
PATIENCE = 10.0
CHUNK = 65536
MILLISECONDS = 1000


def make_context() -> ssl.SSLContext:
    """A context that does not verify, so that the client costs less."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


CONTEXT = make_context()


def connect(address: tuple[str, int], path: str, session: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, float]:
    """One connection with one request.

    :returns: its session, and the milliseconds of the handshake.
    :raises OSError: the connection failed, or resumed a session when it must not, or the other way around.
    """
    started = time.perf_counter()
    with (
        socket.create_connection(address, timeout=PATIENCE) as plain,
        CONTEXT.wrap_socket(plain, server_hostname=address[0], session=session) as secured,
    ):
        took = (time.perf_counter() - started) * MILLISECONDS
        secured.sendall(f"GET {path} HTTP/1.1\r\nHost: {address[0]}\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while chunk := secured.recv(CHUNK):
            head = head or chunk
        if not head.startswith(b"HTTP/1.1 200"):
            raise OSError(f"the response starts with {head[:40]!r}")
        if secured.session_reused != (session is not None):
            raise OSError(f"session reused: {secured.session_reused}")
        return secured.session, took


def work(arguments: tuple[str, float, bool]) -> tuple[list[float], list[str]]:
    """Milliseconds of the handshakes of one process, and its failures."""
    url, seconds, resume = arguments
    parts = urlsplit(url)
    address, path = (parts.hostname or "", parts.port or 443), parts.path or "/"
    times, failures = [], []
    session, _first = connect(address, path, None)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            session, took = connect(address, path, session if resume else None)
            times.append(took)
        except OSError as error:  # noqa: PERF203 - the next connection is tried
            failures.append(str(error))
    return times, failures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    started = time.monotonic()
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        done = pool.map(work, [(options.url, options.seconds, options.resume)] * PROCESSES)
    seconds = time.monotonic() - started
    times = sorted(one for found, _failures in done for one in found)
    failures = [one for _found, found in done for one in found]
    percentiles = statistics.quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    told = {"requests": len(times), "failed": len(failures), "seconds": seconds, "errors": failures[:3]}
    print(json.dumps({**told, "p50_ms": percentiles[49], "p99_ms": percentiles[98]}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
