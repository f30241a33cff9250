#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""grpc-echo HOST:PORT AUTHORITY NAME TEXT [SECONDS]: sends TEXT to /edge.Echo/Say over TLS and prints the answer.

With SECONDS, it sends TEXT twice in one stream to /edge.Echo/Count, and is silent for so long in between.
"""

from __future__ import annotations

import pathlib
import sys
import time
from collections.abc import Iterator

import grpc


def main() -> None:
    """Entry point."""
    address, authority, name, text, *silence = sys.argv[1:]
    credentials = grpc.ssl_channel_credentials(pathlib.Path(authority).read_bytes())
    options = (("grpc.ssl_target_name_override", name), ("grpc.default_authority", name))
    with grpc.secure_channel(address, credentials, options) as channel:
        if silence:
            messages = _with_pause(text.encode(), float(silence[0]))
            print(channel.stream_unary("/edge.Echo/Count")(messages, timeout=float(silence[0]) + 10).decode())
        else:
            print(channel.unary_unary("/edge.Echo/Say")(text.encode(), timeout=10).decode())


def _with_pause(message: bytes, seconds: float) -> Iterator[bytes]:
    yield message
    time.sleep(seconds)
    yield message


if __name__ == "__main__":
    main()
