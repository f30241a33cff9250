# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses to errors that the edge itself generates."""

from __future__ import annotations

import json
import time

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import Edge
from ansible_collections.hardened.nginx_edge.molecule.shared.logs import logged

CALLS = """
import socket, ssl, sys, grpc
address, name, *methods = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
with context.wrap_socket(socket.create_connection((address, 443)), server_hostname=name) as connection:
    certificate = ssl.DER_cert_to_PEM_cert(connection.getpeercert(True)).encode()
options = (("grpc.ssl_target_name_override", name), ("grpc.default_authority", name))
with grpc.secure_channel(f"{address}:443", grpc.ssl_channel_credentials(certificate), options) as channel:
    for method in methods:
        try:
            print(channel.unary_unary(method)(b"hello", timeout=10) and "OK")
        except grpc.RpcError as error:
            print(error.code().name, error.details())
"""


def api(edge: Edge) -> str:
    return f"api.{edge.name}"


@pytest.mark.feature("responses to errors")
@pytest.mark.parametrize(
    ("path", "options", "status", "title"),
    [
        ("/nowhere.html", (), 404, "Not Found"),
        ("/nowhere.html", ("-X", "POST"), 404, "Not Found"),
        ("/secret/", (), 401, "Unauthorized"),
        ("/app/", ("--data-binary", "x" * 2000), 413, "Content Too Large"),
        ("/app/", ("-X", "TRACE"), 405, "Method Not Allowed"),
    ],
)
def test_errors_are_json(edge: Edge, path: str, options: tuple[str, ...], status: int, title: str) -> None:
    response = edge.get(path, *options, name=api(edge))
    assert (response.status, response.headers["content-type"]) == (status, "application/problem+json")
    found = json.loads(response.body)
    assert (found["title"], found["status"]) == (title, status)
    assert found["request_id"]
    assert "x-frame-options" in response.headers
    assert ("www-authenticate" in response.headers) == (status == 401)


@pytest.mark.feature("responses to errors")
def test_a_limit_answers_in_json(edge: Edge) -> None:
    path = f"/counted/?key={time.time_ns()}"
    assert edge.get(path, name=api(edge)).status == 200
    assert json.loads(edge.get(path, name=api(edge)).body)["status"] == 429


@pytest.mark.feature("responses to errors")
def test_a_page_of_a_backend(edge: Edge) -> None:
    response = edge.get("/denied/?a=b", "--data", "secret", name=api(edge))
    found = json.loads(response.body)
    assert (response.status, found["method"], found["path"]) == (403, "GET", "/errors/403")


@pytest.mark.feature("responses to errors")
def test_a_text_of_a_location(edge: Edge) -> None:
    mark = f"/dead/{time.time_ns()}.css"
    response = edge.get(mark, "-X", "POST", name=api(edge))
    assert (response.status, response.body) == (502, "<b>502</b>")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert [line["method"] for line in logged(edge.host, mark)] == ["POST"]


@pytest.mark.feature("responses to errors")
def test_an_empty_text_keeps_the_status(edge: Edge) -> None:
    response = edge.get("/empty/", name=api(edge))
    assert (response.status, response.body) == (502, "")


@pytest.mark.feature("responses to errors", "gRPC")
def test_clients_of_grpc_get_a_status_of_grpc(edge: Edge) -> None:
    counted = f"/edge.Counted/Say?key={time.time_ns()}"
    methods = ("/edge.Echo/Say", "/edge.Denied/Say", "/edge.Secret/Say", "/edge.Dead/Say", "/unknown.Service/Say")
    printed = edge.client.run("python3", "-c", CALLS, edge.address, api(edge), *methods, counted, counted)
    assert printed.splitlines() == [
        "OK",
        "PERMISSION_DENIED permission denied",
        "UNAUTHENTICATED unauthenticated",
        "UNAVAILABLE unavailable",
        "UNIMPLEMENTED unimplemented",
        "UNIMPLEMENTED Method not found!",
        "UNAVAILABLE unavailable",
    ]
