#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends text messages over one WebSocket and prints what comes back, one line each."""

from __future__ import annotations

import argparse
import ssl
import sys

from websockets.sync.client import connect


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("uri", help="ws:// or wss:// address")
    parser.add_argument("messages", nargs="+")
    parser.add_argument("--cacert", help="file of the certificate authority to trust")
    arguments = parser.parse_args()
    context = ssl.create_default_context(cafile=arguments.cacert) if arguments.uri.startswith("wss:") else None
    with connect(arguments.uri, ssl=context, open_timeout=10, close_timeout=5, proxy=None) as socket:
        for message in arguments.messages:
            socket.send(message)
            sys.stdout.write(f"{socket.recv(timeout=10)}\n")


if __name__ == "__main__":
    main()
