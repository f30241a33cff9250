#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gRPC server that answers /edge.Echo/Say with what it was sent, and which address it saw. /edge.Echo/Count answers
a stream with the number of its messages."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures

import grpc


def say(request: bytes, context: grpc.ServicerContext) -> bytes:
    """Echo, with the headers that the edge has to set."""
    seen = dict(context.invocation_metadata())
    return request + b" from " + seen.get("x-real-ip", "unknown").encode()


def count(requests: Iterator[bytes], _context: grpc.ServicerContext) -> bytes:
    """The number of messages, as soon as the client has ended its stream."""
    return str(sum(1 for _request in requests)).encode()


def main() -> None:
    """Serve without TLS on port 50051."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    handlers = {
        "Say": grpc.unary_unary_rpc_method_handler(say),
        "Count": grpc.stream_unary_rpc_method_handler(count),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("edge.Echo", handlers),))
    server.add_insecure_port("0.0.0.0:50051")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
