# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to a real HTTPS server: what is an answer, and the limits in time and size."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.https import HttpsClient, WrongAnswerError
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made


class Handler(http.server.BaseHTTPRequestHandler):
    """``/slow`` sends one byte after the other, ``/large`` more than anyone wants."""

    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Retry-After", "60")
        self.end_headers()
        with contextlib.suppress(OSError):
            if self.path == "/slow":
                for _number in range(50):
                    self.wfile.write(b" ")
                    time.sleep(0.1)
            self.wfile.write(
                {"/large": b"[" + b" " * (2 << 20), "/list": b"[]", "/junk": b"<html>"}.get(self.path, b"{}")
            )

    def log_message(self, *_words: object) -> None:
        """Nothing is printed."""


class Listener(http.server.ThreadingHTTPServer):
    """A client that ends the handshake is no error."""

    def handle_error(self, *_words: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a server, and the file that verifies it."""
    folder = tmp_path_factory.mktemp("server")
    pair = made("localhost")
    Path(folder / "chain").write_text(pair.fullchain)
    Path(folder / "key").write_text(pair.privkey)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain", folder / "key")
    listener = Listener(("127.0.0.1", 0), Handler)
    listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield f"https://localhost:{listener.server_address[1]}", str(folder / "chain")
    listener.shutdown()
    listener.server_close()


def test_an_object_is_an_answer(server: tuple[str, str]) -> None:
    assert HttpsClient(server[1]).get(f"{server[0]}/") == ({}, "60")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/missing", "answered with status 404"),
        ("/list", "did not answer with a JSON object"),
        ("/junk", "did not answer with JSON"),
        ("/large", "too large"),
    ],
)
def test_anything_else_is_none(server: tuple[str, str], path: str, told: str) -> None:
    with pytest.raises(WrongAnswerError, match=told):
        HttpsClient(server[1]).get(server[0] + path)


def test_a_slow_answer_is_given_up(server: tuple[str, str]) -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        HttpsClient(server[1], timeout=0.5).get(f"{server[0]}/slow")
    assert time.monotonic() - start < 3


def test_only_the_bundle_is_trusted(server: tuple[str, str]) -> None:
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        HttpsClient().get(f"{server[0]}/")
    with pytest.raises(OSError, match="No such file"):
        HttpsClient("/no/such/bundle.pem").get(f"{server[0]}/")
    with pytest.raises(OSError, match="is not an https URL"):
        HttpsClient(server[1]).get("http://localhost/")
