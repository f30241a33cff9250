#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends bytes as they are, and returns what came back: jobs as JSON on standard input, results on standard output.

A job: ``{"id": …, "steps": [{"tls": bool, "sni": name, "address": [host, port], "send": bytes as latin-1,
"patience": seconds, "source": address or "", "certificate": bool}]}``. Each step is a connection; the steps of a job
run in their order, jobs side by side. A result: ``{"id": …, "steps": [{"received": …, "closed": bool, "error": …}]}``.

Reading ends when the other side closes the connection, or when nothing more came for a while: ``patience`` before the
first byte, and a short pause after the last one.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

THREADS = 24
PAUSE = 1.5
MOST = 1 << 20
CONNECT = 15.0
CERTIFICATE, KEY = Path("/srv/client.pem"), Path("/srv/client.key")


def contexts() -> dict[bool, ssl.SSLContext]:
    """TLS without checks, and with the client's certificate: what edges serve is for other tests to see."""
    found = {}
    for with_certificate in (False, True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["http/1.1"])
        if with_certificate and CERTIFICATE.exists():
            context.load_cert_chain(CERTIFICATE, KEY)
        found[with_certificate] = context
    return found


def exchange(step: dict[str, Any], tls: dict[bool, ssl.SSLContext]) -> dict[str, Any]:
    """Send, and read what comes."""
    received, closed, error = b"", False, ""
    source = (step["source"], 0) if step.get("source") else None
    try:
        connection = socket.create_connection(tuple(step["address"]), CONNECT, source)
        if step["tls"]:
            connection = tls[bool(step.get("certificate"))].wrap_socket(connection, server_hostname=step["sni"])
    except OSError as problem:
        return {"received": "", "closed": True, "error": f"no connection: {problem}"}
    with connection:
        try:
            connection.settimeout(CONNECT)
            connection.sendall(step["send"].encode("latin-1"))
        except OSError as problem:
            error = str(problem)  # it may have been answered and closed before the end
        try:
            deadline = time.monotonic() + step["patience"]
            while len(received) < MOST:
                connection.settimeout(max(0.01, PAUSE if received else deadline - time.monotonic()))
                data = connection.recv(65536)
                if not data:
                    closed = True
                    break
                received += data
        except socket.timeout:  # before Python 3.10 another class than TimeoutError
            pass
        except OSError as problem:
            closed, error = True, str(problem)
    return {"received": received.decode("latin-1"), "closed": closed, "error": error}


def run(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Do all jobs."""
    tls = contexts()
    with ThreadPoolExecutor(THREADS) as pool:
        results = pool.map(lambda job: [exchange(step, tls) for step in job["steps"]], jobs)
        return [{"id": job["id"], "steps": steps} for job, steps in zip(jobs, results)]


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
