# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sessions share: starting an application, and a browser for the edge of this container."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

EDGE = "192.0.2.1"
PASSWORD = "secret of the test"  # noqa: S105 - of a test
LONGEST = 90.0
"""Seconds that an application may take to start."""
USERS = Path(__file__).with_name("users.json")
EXTENDED = 126
"""Length of a message that means: two bytes with the length follow."""
LOG = Path("/tmp/application.log")


def prepare(*addresses: str) -> None:
    """Give this container addresses of the recipe, and the files with the passwords of its users."""
    for address in (EDGE, *addresses):
        run("ip", "address", "add", f"{address}/32", "dev", "lo")
    for path, text in json.loads(USERS.read_text(encoding="utf-8")).items():
        write(path, text)


def run(*argv: str, text: str = "", **options: Any) -> str:
    """Run a command, and return what it prints."""
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return str(done.stdout)


def start(*argv: str, **options: Any) -> None:
    """Start a program, which ends with the container."""
    with LOG.open("ab") as log:
        subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **options)


def wait_for(address: str) -> None:
    """Wait until something listens at ``10.0.0.1:80`` or at the path of a socket."""
    deadline = time.monotonic() + LONGEST
    while True:
        family = socket.AF_UNIX if address.startswith("/") else socket.AF_INET
        host, _, port = address.rpartition(":")
        with socket.socket(family) as tried:
            try:
                tried.connect(address if family == socket.AF_UNIX else (host, int(port)))
            except OSError:
                assert time.monotonic() < deadline, LOG.read_text(errors="replace")[-3000:]
            else:
                return
        time.sleep(0.2)


def write(path: str, text: str) -> None:
    """Write a file that everyone may read."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


class Answer:
    """A response."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.body = response.status, response.read()
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.cookies = response.headers.get_all("Set-Cookie") or []

    @property
    def text(self) -> str:
        """The body."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The body of JSON."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"{self.status} {self.headers} {self.text[:1500]}"


class Browser:
    """A client of one site, which keeps cookies.

    :param source: its address.
    """

    def __init__(self, host: str, source: str = "") -> None:
        self.host, self.source = host, source
        self.cookies: dict[str, str] = {}
        self.headers: dict[str, str] = {}

    def ask(self, method: str, url: str, body: bytes | str = b"", **headers: str) -> Answer:
        """Send a request; ``content_type="a/b"`` becomes the header Content-Type.

        :param url: a path, or a URL of the site, which must have HTTPS.
        """
        parts = urlsplit(url)
        assert parts.scheme in ("", "https"), url
        assert parts.netloc in ("", self.host), url
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection(self.host, timeout=LONGEST)
        connection.sock = self._connect()
        connection.request(method, path, body or None, sent)
        answer = Answer(connection.getresponse())
        connection.close()
        for cookie in answer.cookies:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer

    def get(self, url: str, **headers: str) -> Answer:
        """Request a page."""
        return self.ask("GET", url, **headers)

    def stream(self, path: str) -> Iterator[str]:
        """The parts of a page as they come."""
        connection = http.client.HTTPConnection(self.host, timeout=LONGEST)
        connection.sock = self._connect()
        connection.request("GET", path)
        response = connection.getresponse()
        while part := response.read1():
            yield part.decode("utf-8", "replace")
        connection.close()

    def submit(self, url: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form, as a browser does from the page itself."""
        origin = f"https://{self.host}"
        form = {"content_type": "application/x-www-form-urlencoded", "origin": origin, "referer": origin + url}
        return self.ask("POST", url, urlencode(fields), **{**form, **headers})

    def upload(self, url: str, fields: dict[str, str], name: str, content: bytes) -> Answer:
        """Send a form with a file, in the field ``file``."""
        boundary = "boundary-of-the-test"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = (
            f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: application/octet-stream'
        )
        parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode())
        origin = f"https://{self.host}"
        form = {"content_type": f"multipart/form-data; boundary={boundary}", "origin": origin, "referer": origin + url}
        return self.ask("POST", url, b"".join(parts), **form)

    def websocket(self, path: str, protocol: str) -> WebSocket:
        """Open a WebSocket connection, as a page of the site does."""
        return WebSocket(self._connect(), self._handshake(path, f"https://{self.host}", protocol))

    def websocket_status(self, path: str, origin: str) -> int:
        """The status of the answer to a page of another site."""
        with self._connect() as connection:
            connection.sendall(self._handshake(path, origin, ""))
            return int(connection.recv(4096).split(b" ")[1])

    def _handshake(self, path: str, origin: str, protocol: str) -> bytes:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [f"GET {path} HTTP/1.1", f"Host: {self.host}", f"Origin: {origin}", f"Cookie: {cookies}"]
        lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Sec-WebSocket-Protocol: {protocol}", "", ""]
        return "\r\n".join(lines).encode()

    def _connect(self) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        source = (self.source, 0) if self.source else None
        return context.wrap_socket(socket.create_connection((EDGE, 443), LONGEST, source), server_hostname=self.host)


class WebSocket:
    """A WebSocket connection with short messages of text."""

    def __init__(self, connection: ssl.SSLSocket, handshake: bytes) -> None:
        self.connection = connection
        self.stream = connection.makefile("rb")
        connection.sendall(handshake)
        status = self.stream.readline()
        assert b" 101 " in status, status
        while self.stream.readline() not in (b"\r\n", b""):
            pass

    def __enter__(self) -> WebSocket:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stream.close()
        self.connection.close()

    def send(self, text: str) -> None:
        """Send a message of less than 126 bytes."""
        mask, data = os.urandom(4), text.encode()
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        self.connection.sendall(bytes([0x81, 0x80 | len(data)]) + mask + masked)

    def receive(self) -> str:
        """The next message."""
        _opcode, size = self.stream.read(2)
        if size == EXTENDED:
            size = int.from_bytes(self.stream.read(2), "big")
        return self.stream.read(size).decode()
