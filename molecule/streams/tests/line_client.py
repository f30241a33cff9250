# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends lines to ADDRESS PORT and prints each answer; ``closed`` where the other side ends the connection.

The tests run it inside the containers, which have Python and nothing else for this: ``python3 -c SOURCE …``.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import socket
import ssl
import sys
import time

PATIENCE = 10.0


def show(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def exchange(connection: socket.socket, lines: list[str]) -> None:
    """One line there, one line back."""
    for line in lines:
        connection.sendall(f"{line}\n".encode())
        answer = connection.recv(4096)
        show(answer.decode().strip() if answer else "closed")
        if not answer:
            return


def secured(connection: socket.socket, name: str) -> socket.socket:
    """TLS on the connection; prints the digest of the certificate that was served."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    wrapped = context.wrap_socket(connection, server_hostname=name)
    show(hashlib.sha256(wrapped.getpeercert(binary_form=True) or b"").hexdigest())
    return wrapped


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("lines", nargs="*")
    parser.add_argument("--udp", action="store_true")
    parser.add_argument("--tls", help="server name to ask for")
    parser.add_argument("--proxy", help="first line, of the PROXY protocol")
    parser.add_argument("--hold", type=float, default=0.0, help="seconds to stay connected behind the last line")
    parser.add_argument(
        "--until-closed", action="store_true", help="print after how many seconds the other side closes"
    )
    given = parser.parse_args()
    if given.udp:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.settimeout(PATIENCE)
            datagrams.connect((given.address, given.port))
            exchange(datagrams, given.lines)
        return
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(socket.create_connection((given.address, given.port), timeout=PATIENCE))
            if given.proxy:
                connection.sendall(f"{given.proxy}\r\n".encode())
            if given.tls:
                connection = stack.enter_context(secured(connection, given.tls))
            exchange(connection, given.lines)
            if given.until_closed:
                started = time.monotonic()
                connection.recv(1)
                show(f"{time.monotonic() - started:.1f}")
            time.sleep(given.hold)
        except (ConnectionError, ssl.SSLEOFError):
            show("closed")


if __name__ == "__main__":
    main()
