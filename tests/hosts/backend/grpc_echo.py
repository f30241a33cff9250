#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gRPC server that answers /edge.Echo/Say with what it was sent, and which address it saw."""

from __future__ import annotations

from concurrent import futures

import grpc


def say(request: bytes, context: grpc.ServicerContext) -> bytes:
    """Echo, with the headers that the edge has to set."""
    seen = dict(context.invocation_metadata())
    return request + b" from " + seen.get("x-real-ip", "unknown").encode()


def main() -> None:
    """Serve without TLS on port 50051."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    handler = grpc.unary_unary_rpc_method_handler(say)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("edge.Echo", {"Say": handler}),))
    server.add_insecure_port("0.0.0.0:50051")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
