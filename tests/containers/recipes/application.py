# SPDX-License-Identifier: GPL-3.0-or-later
"""The applications of a recipe: they record what arrives, and answer as the query or the file of requests says.

Query parameters, each percent-encoded:

- ``status=404``, ``h=Name:value`` (repeatable), ``body=text``;
- ``early``: answer before the body was read;
- ``hold``: send a first part of the body, and the rest after some seconds;
- ``close``: close the connection without an answer.

Without them: 200 and the recorded request as JSON. A request to upgrade to WebSocket is accepted, and the first message
is sent back. Responses have headers that an edge must hide.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
import socketserver
import threading
import time
from collections import defaultdict
from typing import Any
from urllib.parse import unquote_to_bytes

from protocols import ONE_REQUEST, READERS, Request, missing_script

MARK = re.compile(r"q[a-z]{8}x\d+(?:s\d+)?")
HOLD = 8.0
"""Seconds: more than any row waits."""
TOLD = ("X-Powered-By: Echo/1.0", "Server: Echo/1.0", 'Alt-Svc: h2="evil.example:443"')
WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

journal: dict[str, list[dict[str, Any]]] = defaultdict(list)
lock = threading.Lock()


def record(entry: dict[str, Any]) -> None:
    """Write a request into the journal, under each mark that it carries."""
    with lock:
        for mark in set(MARK.findall("\n".join([entry["line"], *entry["headers"], entry["body"]]))):
            journal[mark].append(entry)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens at an address of an upstream.

    :param address: ``10.0.0.10:3000`` or ``unix:/path``.
    :param answers: of the file of requests, those of this upstream.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream: str, address: str, protocol: str, answers: list[dict[str, Any]]) -> None:
        self.upstream, self.named, self.protocol, self.answers = upstream, address, protocol, answers
        path = address[len("unix:") :] if address.startswith("unix:") else ""
        if path:
            self.address_family = socket.AF_UNIX
            os.makedirs(os.path.dirname(path), exist_ok=True)
            super().__init__(path, Requests)  # type: ignore[arg-type]
            os.chmod(path, 0o666)  # noqa: S103 - for the user of nginx
        else:
            host, _, port = address.rpartition(":")
            super().__init__((host, int(port)), Requests)

    def server_bind(self) -> None:
        """As ``TCPServer`` does, but without a look at the port, which a socket on the disk does not have."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)


class Requests(socketserver.StreamRequestHandler):
    """All requests of a connection."""

    timeout = 30
    server: Server

    def handle(self) -> None:
        try:
            while self._one():
                pass
        except (OSError, ValueError):
            pass  # the edge closed the connection; what came is in the journal

    def _one(self) -> bool:
        request = READERS[self.server.protocol](self.rfile, self.wfile.write)
        if request is None:
            return False
        options = query(request.target)
        early = "early" in options
        body = b"" if early else request.read_body()
        answer = self._chosen(request)
        entry = {
            "server": "auth" if answer.get("auth") else "app",
            "upstream": self.server.upstream,
            "address": self.server.named,
            "line": request.line,
            "headers": request.headers,
            "body_bytes": len(body),
            "body": body[:300].decode("latin-1"),
        }
        record(entry)
        if "close" in options:
            return False
        if request.values.get("upgrade", "").lower() == "websocket":
            self._switch(request)
            return False
        if self.server.protocol == "fastcgi" and missing_script(request):
            answer = {"status": 404, "body": "File not found."}
        self._answer(request, {**wanted(options), **answer}, json.dumps(entry))
        return self.server.protocol not in ONE_REQUEST and not early

    def _chosen(self, request: Request) -> dict[str, Any]:
        """The first answer of the file of requests that is for this request."""
        path, head = request.target.partition("?")[0], "\n".join(request.headers)
        for answer in self.server.answers:
            if re.fullmatch(answer["path"], path) and re.search(answer.get("when", ""), head):
                return answer
        return {}

    def _answer(self, request: Request, answer: dict[str, Any], echo: str) -> None:
        lines = [f"{name}: {value}" for name, value in answer.get("headers", [])]
        named = {line.partition(":")[0].lower() for line in lines}
        lines += [line for line in TOLD if line.partition(":")[0].lower() not in named]
        if "content-type" not in named:
            lines.append("Content-Type: application/json")
        request.start(answer.get("status", 200), lines)
        if "hold" in query(request.target):
            request.write(b"first ")
            time.sleep(HOLD)
        request.write(answer.get("body", echo).encode("latin-1"))
        request.finish()

    def _switch(self, request: Request) -> None:
        key = request.values.get("sec-websocket-key", "") + WEBSOCKET
        accepted = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()  # noqa: S324 - RFC 6455
        head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        self.wfile.write("\r\n".join([*head, f"Sec-WebSocket-Accept: {accepted}", "", ""]).encode())
        opcode, size = self.rfile.read(2)
        mask = self.rfile.read(4)
        text = bytes(byte ^ mask[index % 4] for index, byte in enumerate(self.rfile.read(size & 0x7F)))
        self.wfile.write(bytes([opcode, len(text)]) + text)


def query(target: str) -> dict[str, list[bytes]]:
    """The parameters of a query."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for part in target.partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        found[name].append(unquote_to_bytes(value))
    return found


def wanted(options: dict[str, list[bytes]]) -> dict[str, Any]:
    """The answer that a query asks for."""
    answer: dict[str, Any] = {}
    if options.get("status"):
        answer["status"] = int(options["status"][0])
    if options.get("h"):
        answer["headers"] = [one.decode("latin-1").split(":", 1) for one in options["h"]]
    if options.get("body"):
        answer["body"] = options["body"][0].decode("latin-1")
    return answer


def listen(listeners: list[dict[str, str]], answers: list[dict[str, Any]]) -> None:
    """Start a server for each listener."""
    for one in listeners:
        own = [answer for answer in answers if answer["upstream"] == one["upstream"]]
        server = Server(one["upstream"], one["address"], one["protocol"], own)
        threading.Thread(target=server.serve_forever, daemon=True).start()
