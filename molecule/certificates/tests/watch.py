# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the client: one fresh TLS connection and one request after the other, until it is told to stop.

``watch.py ADDRESS NAME FILE`` ends when ``FILE.stop`` is there, or after ten minutes. It writes to FILE, a line each,
the certificates it was shown whenever they change, every failure, and at last how many connections there were.
"""

from __future__ import annotations

import base64
import json
import pathlib
import socket
import ssl
import sys
import time

LONGEST = 600.0
PAUSE = 0.02
PATIENCE = 5.0


def ask(address: str, name: str) -> bytes:
    """The certificate that a new connection is shown, if the request on it is answered as well."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((address, 443), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        secured.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = secured.recv(1024)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise OSError(f"answered {answer[:40]!r}")
        return secured.getpeercert(binary_form=True) or b""


def main() -> None:
    address, name, file = sys.argv[1:]
    end = time.monotonic() + LONGEST
    count, last = 0, b""
    with pathlib.Path(file).open("w", encoding="utf-8") as log:
        while time.monotonic() < end and not pathlib.Path(f"{file}.stop").exists():
            count += 1
            told: dict[str, str] = {}
            try:
                shown = ask(address, name)
                if shown != last:
                    last, told = shown, {"shown": base64.b64encode(shown).decode()}
            except OSError as error:
                told = {"failed": repr(error)}
            if told:
                print(json.dumps(told), file=log, flush=True)
            time.sleep(PAUSE)
        print(json.dumps({"count": count}), file=log)


if __name__ == "__main__":
    main()
