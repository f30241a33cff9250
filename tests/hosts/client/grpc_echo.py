#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""grpc-echo HOST:PORT AUTHORITY NAME TEXT: sends TEXT to /edge.Echo/Say over TLS and prints the answer."""

from __future__ import annotations

import pathlib
import sys

import grpc


def main() -> None:
    """Entry point."""
    address, authority, name, text = sys.argv[1:]
    credentials = grpc.ssl_channel_credentials(pathlib.Path(authority).read_bytes())
    options = (("grpc.ssl_target_name_override", name), ("grpc.default_authority", name))
    with grpc.secure_channel(address, credentials, options) as channel:
        print(channel.unary_unary("/edge.Echo/Say")(text.encode(), timeout=10).decode())


if __name__ == "__main__":
    main()
