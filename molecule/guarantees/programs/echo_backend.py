#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backend that records requests byte by byte, and answers as the query says.

Ports: 9001 the application, 9002 the service that ``auth_request`` asks, 9003 HTTP/2 without TLS (gRPC), 9009 the
journal.

Query parameters, each percent-encoded: ``status=404``, ``h=Name:value`` (repeatable), ``body=text``, ``fresh=60`` for
``Cache-Control: max-age=60``. Without them: 200 and the recorded request as JSON. The service lets requests with the
cookie ``session=carl`` pass; others get 401, or what the query says. Every response carries headers that an edge must
hide. A request with ``Upgrade`` gets 101 for any protocol: the edge must forward none but WebSocket.

Requests carry a mark (``q<run>x<row>s<step>``) anywhere; ``GET /<run>`` on the journal's port returns all requests of
a run.
"""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections import defaultdict
from typing import Any, BinaryIO, ClassVar
from urllib.parse import unquote_to_bytes

import h2_echo

APPLICATION, AUTH, GRPC, JOURNAL = 9001, 9002, 9003, 9009
SERVERS = {APPLICATION: "app", AUTH: "auth", GRPC: "grpc"}
MARK = re.compile(r"q[a-z]{8}x\d+(?:s\d+)?")
LONGEST_LINE = 1 << 20
TOLD = ("X-Powered-By: Echo/1.0", "Server: Echo/1.0", 'Alt-Svc: h2="evil.example:443"')

journal: dict[str, list[dict[str, Any]]] = defaultdict(list)
lock = threading.Lock()


def record(server: str, line: str, headers: list[str], body: bytes) -> dict[str, Any]:
    """Write a request into the journal, under each mark that it carries."""
    text = body.decode("latin-1")
    entry = {"server": server, "line": line, "headers": headers, "body_bytes": len(body), "body": text[:300]}
    with lock:
        for mark in set(MARK.findall("\n".join([line, *headers, text]))):
            journal[mark].append(entry)
    return entry


def wanted(target: str) -> tuple[int, list[str], bytes | None]:
    """Status, header lines and body that a query asks for."""
    status, headers, body = 200, [], None
    for part in target.partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        raw = unquote_to_bytes(value)
        if name == "status" and value.isdigit():
            status = int(value)
        elif name == "h":
            headers.append(raw.decode("latin-1").replace(":", ": ", 1))
        elif name == "fresh":
            headers.append(f"Cache-Control: max-age={value}")
        elif name == "body":
            body = raw
    return status, headers, body


class Requests(socketserver.StreamRequestHandler):
    """All requests of a connection."""

    timeout = 60

    def handle(self) -> None:
        try:
            while self._one():
                pass
        except (OSError, ValueError):
            pass  # the edge closed the connection, or sent no HTTP; what came is in the journal

    def _one(self) -> bool:
        line = self.rfile.readline(LONGEST_LINE).decode("latin-1").rstrip("\r\n")
        if not line:
            return False
        headers = []
        while (header := self.rfile.readline(LONGEST_LINE).decode("latin-1")) not in ("\r\n", "\n", ""):
            headers.append(header.rstrip("\r\n"))
        values = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in headers)}
        body = _body(self.rfile, values)
        entry = record(SERVERS[self.server.server_address[1]], line, headers, body)
        method, target, *_ = [*line.split(" "), "", ""]
        if "upgrade" in values:
            self._switch(values["upgrade"], line)
            return False
        status, more, text = wanted(target)
        if entry["server"] == "auth":
            allowed = "session=carl" in values.get("cookie", "")
            if allowed:
                status, more = 200, [*more, "X-Auth-User: carl"]
            elif "?" not in target:
                status, more = 401, []
        if text is None:
            text = json.dumps(entry).encode()
        named = {one.partition(":")[0].lower() for one in more}
        head = [f"HTTP/1.1 {status} Echo", *(one for one in TOLD if one.partition(":")[0].lower() not in named), *more]
        if "content-type" not in named:
            head.append("Content-Type: application/json")
        if status not in (204, 304):
            head.append(f"Content-Length: {len(text)}")
        sent = "\r\n".join([*head, "", ""]).encode("latin-1")
        self.wfile.write(sent if method == "HEAD" or status in (204, 304) else sent + text)
        return values.get("connection", "").lower() != "close"

    def _switch(self, protocol: str, line: str) -> None:
        """Agree to speak another protocol, and record what comes next."""
        answer = f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {protocol}\r\nConnection: Upgrade\r\n\r\n"
        self.wfile.write(answer.encode("latin-1"))
        self.connection.settimeout(2)
        if tunnelled := self.connection.recv(4096):
            record("tunnel", line, [], tunnelled)
            self.wfile.write(b"tunnelled")


def _body(stream: BinaryIO, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        parts = []
        while size := int(stream.readline(LONGEST_LINE).split(b";")[0], 16):
            parts.append(stream.read(size))
            stream.readline()
        while stream.readline(LONGEST_LINE) not in (b"\r\n", b""):
            pass
        return b"".join(parts)
    return stream.read(int(headers.get("content-length") or 0))


class Journal(socketserver.StreamRequestHandler):
    """``GET /<run>``: the requests of a run, by mark, as JSON."""

    def handle(self) -> None:
        run = self.rfile.readline(1000).split(b" ")[1].decode().strip("/")
        with lock:
            found = json.dumps({mark: entries for mark, entries in journal.items() if mark.startswith(run)}).encode()
        head = f"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(found)}\r\n\r\n"
        self.wfile.write(head.encode() + found)


class Http2(socketserver.BaseRequestHandler):
    """A connection that speaks HTTP/2 without TLS."""

    def handle(self) -> None:
        h2_echo.serve(self.request, lambda line, headers, body: record("grpc", line, headers, body))


class Server(socketserver.ThreadingTCPServer):
    """A server with a thread for each connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512
    all: ClassVar[dict[int, type[socketserver.BaseRequestHandler]]] = {
        APPLICATION: Requests,
        AUTH: Requests,
        GRPC: Http2,
        JOURNAL: Journal,
    }


def main() -> None:
    """Serve until the process is ended."""
    servers = [Server(("0.0.0.0", port), handler) for port, handler in Server.all.items()]  # noqa: S104 - a test host
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
