# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside a container while nginx serves: sends each request of its argument, and prints the answers as JSON."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
from typing import Any

PORTS = {True: 443, False: 80}


class Connection(http.client.HTTPConnection):
    """A connection to this host for whatever name, without a look at the certificate."""

    def __init__(self, name: str, tls: bool) -> None:
        super().__init__(name, PORTS[tls], timeout=20)
        self.tls = tls

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.sock = context.wrap_socket(plain, server_hostname=self.host)
        else:
            self.sock = plain


def ask(request: dict[str, Any]) -> dict[str, Any]:
    connection = Connection(request["name"], request["tls"])
    connection.request("GET", request["path"], headers={"Host": request["name"]})
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    connection.close()
    return {**request, "status": response.status, "headers": headers}


if __name__ == "__main__":
    print(json.dumps([ask(request) for request in json.loads(sys.argv[1])]))  # noqa: T201 - its answer
