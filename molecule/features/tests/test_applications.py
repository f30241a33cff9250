# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications of PHP-FPM and uWSGI, as Debian packages them: what they learn, and what is never executed or shown."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import Edge
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, Client, Response

pytestmark = pytest.mark.feature("applications")

BACKEND = Client("feature-backend")
CLIENT_ADDRESS = "10.213.80.40"
ANNA = ("--user", "anna:secret of anna")
SOURCE = "json_encode"
"""A word of the scripts."""
RELAY = """
import os, socket, sys, threading
path, host, port = sys.argv[1:]
if os.path.exists(path):
    os.unlink(path)
server = socket.socket(socket.AF_UNIX)
server.bind(path)
os.chmod(path, 0o666)
server.listen()
def copy(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)
while True:
    near, _address = server.accept()
    far = socket.create_connection((host, int(port)))
    for pair in ((near, far), (far, near)):
        threading.Thread(target=copy, args=pair, daemon=True).start()
"""
"""Listens on a socket of the edge and passes connections on to PHP-FPM."""


def php(edge: Edge, path: str, *options: str) -> Response:
    return edge.get(path, "--path-as-is", "--globoff", *options, name=f"php.{edge.name}")


def app(edge: Edge, path: str, *options: str) -> Response:
    return edge.get(path, "--path-as-is", *options, name=f"apps.{edge.name}")


@pytest.mark.parametrize(
    ("path", "script", "script_name", "path_info"),
    [
        ("/", "/srv/php/index.php", "/index.php", ""),
        ("/a/page?q=1", "/srv/php/index.php", "/index.php", ""),
        ("/index.php/a%20b/c.php", "/srv/php/index.php", "/index.php", "/a b/c.php"),
        ("/other.php", "/srv/php/other.php", "/other.php", ""),
        ("/sub/", "/srv/php/sub/index.php", "/sub/index.php", ""),
        ("/current/index.php", "/srv/php/releases/7/index.php", "/current/index.php", ""),
        ("/admin/users", "/srv/php/index.php", "/index.php", ""),
        ("/single/single/other", "/srv/php/single/index.php", "/index.php", ""),
    ],
)
def test_the_right_script_is_executed(edge: Edge, path: str, script: str, script_name: str, path_info: str) -> None:
    found = php(edge, path, *ANNA).json
    server = found["server"]
    assert found["script"] == script
    assert (server["SCRIPT_NAME"], server.get("PATH_INFO", "")) == (script_name, path_info)
    assert server["REQUEST_URI"] == path
    assert server["QUERY_STRING"] == path.partition("?")[2]
    assert server["PHP_SELF"] == script_name + path_info
    assert server["DOCUMENT_ROOT"] == ("/srv/php/single" if path.startswith("/single/") else "/srv/php")


@pytest.mark.parametrize(
    "path",
    [
        "/missing.php",
        "/missing.php/index.php",
        "/image.jpg/x.php",
        "/style.css/x.php",
        "/uploads/evil.php",
        "/uploads/evil.php/index.php",
        "/.git/x.php",
        "/.env",
        "/index.php%0a",
        "/other.php%00.txt",
        "/include.inc",
        "/media/x.php",
        "/media/x.php.bak",
        "/media/X.PHP",
        "/media/x.php/",
        "/code/index.php",
        "/code/uploads/evil.php",
        "/code/include.inc",
        "/single/single/other.php",
        "/protected/report.txt",
        "/login.php/x",
        "/login.php%0a",
        "/index.php/admin/users",
    ],
)
def test_nothing_else_is_executed_or_shown(edge: Edge, path: str) -> None:
    answer = php(edge, path)
    assert answer.status in (400, 404), answer
    assert '"script"' not in answer.body
    assert SOURCE not in answer.body


@pytest.mark.parametrize(
    ("path", "status"), [("/login.php", 403), ("/guarded/x.php", 403), ("/admin/", 401), ("/admin/index.php", 401)]
)
def test_scripts_have_the_access_rules_of_their_location(edge: Edge, path: str, status: int) -> None:
    assert php(edge, path).status == status


def test_php_learns_what_the_client_sees(edge: Edge) -> None:
    server = php(edge, "/page", "-A", "agent", "--user", "carl:secret").json["server"]
    wanted = {
        "REQUEST_SCHEME": "https",
        "HTTPS": "on",
        "SERVER_NAME": f"php.{edge.name}",
        "SERVER_PORT": "443",
        "REMOTE_ADDR": CLIENT_ADDRESS,
        "REQUEST_METHOD": "GET",
        "SERVER_SOFTWARE": "nginx",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "HTTP_HOST": f"php.{edge.name}",
        "HTTP_X_REAL_IP": CLIENT_ADDRESS,
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_TENANT": "one",
        "HTTP_USER_AGENT": "agent",
        "APP_ENV": "test",
        "PHP_AUTH_USER": "carl",
    }
    assert {name: server.get(name) for name in wanted} == wanted
    assert server["HTTP_AUTHORIZATION"].startswith("Basic ")


FORGED = (
    "Proxy: http://evil.test",
    "X-Forwarded-For: 192.0.2.1",
    "X_Forwarded_For: 192.0.2.2",
    "X-Forwarded_For: 192.0.2.3",
    "X-Forwarded-Prefix: /evil",
    "X-Original-URL: /evil",
    "X-HTTP-Method-Override: evil",
    "Remote-User: evil",
    "TE: evil",
    "Keep-Alive: evil",
    "Expect: evil",
    "Upgrade: evil",
    "Content_Length: evil",
    "X-Tenant: evil",
)


@pytest.mark.parametrize("path", ["/page", "/index.php"])
def test_php_gets_no_forged_header(edge: Edge, path: str) -> None:
    forged = [word for header in FORGED for word in ("-H", header)]
    server = php(edge, path, "--http1.1", *forged).json["server"]
    assert [name for name, value in server.items() if "evil" in str(value) or "192.0.2" in str(value)] == []
    assert not {"HTTP_PROXY", "HTTP_CONNECTION", "HTTP_UPGRADE", "HTTP_TE", "HTTP_EXPECT"} & {*server}


@pytest.mark.parametrize("path", ["/uwsgi/a", "/scgi/a", "/fastcgi/a"])
def test_applications_get_no_forged_header(edge: Edge, path: str) -> None:
    forged = [word for header in FORGED[:-1] for word in ("-H", header)]
    said = app(edge, path, "--http1.1", *forged).json
    assert [name for name, value in said.items() if "evil" in value or "192.0.2" in value] == []
    assert not {"HTTP_PROXY", "HTTP_CONNECTION", "HTTP_UPGRADE", "HTTP_TE", "HTTP_EXPECT"} & {*said}


def body_of(size: int) -> str:
    return hashlib.md5(bytes(size)).hexdigest()  # noqa: S324 - compared, not trusted


@pytest.mark.parametrize("path", ["/upload", "/index.php"])
def test_php_gets_bodies_with_and_without_a_length(edge: Edge, path: str) -> None:
    edge.client.run("sh", "-c", "head -c 3000000 /dev/zero > /tmp/three-megabytes")
    sent = ("--data-binary", "@/tmp/three-megabytes", "-H", "Content-Type: application/x-zeros", "-H", "Expect:")
    for options in (sent, (*sent, "--http1.1", "-H", "Transfer-Encoding: chunked")):
        found = php(edge, path, *options).json
        assert (found["body"], found["server"]["CONTENT_LENGTH"]) == (body_of(3_000_000), "3000000")
        assert found["server"]["CONTENT_TYPE"] == "application/x-zeros"
        assert "HTTP_TRANSFER_ENCODING" not in found["server"]


def test_what_php_answers_reaches_the_client(edge: Edge) -> None:
    answer = php(
        edge, "/index.php?status=302&header[]=Location:%20/there&header[]=X-Accel-Redirect:%20/protected/report.txt"
    )
    assert (answer.status, answer.headers["location"]) == (302, "/there")
    assert "x-accel-redirect" not in answer.headers
    failed = php(edge, "/page?status=500&header[]=X-Own:%201")
    assert (failed.status, failed.headers["x-own"]) == (500, "1")
    assert '"script"' in failed.body  # the page of the application
    large = php(edge, f"/page?header[]=X-Large:%20{'a' * 6000}")
    assert len(large.headers["x-large"]) == 6000
    assert "x-powered-by" not in large.headers
    assert "x-frame-options" in large.headers


def test_php_that_is_dead_or_slow(edge: Edge) -> None:
    assert php(edge, "/dead/page").status == 502
    assert php(edge, "/index.php?seconds=3").status == 504


def test_idle_connections_occupy_no_worker(edge: Edge) -> None:
    """PHP-FPM has two; requests that each took one for long would wait for the next."""
    started = time.monotonic()
    found = edge.client.curl(*edge.connect(f"php.{edge.name}"), f"https://php.{edge.name}/page?[1-12]")
    assert found.count('"script"') == 12
    assert time.monotonic() - started < 10
    connected = BACKEND.run("ss", "-Htn", "state", "established", "( sport = :9400 )")
    assert edge.address not in connected


def test_php_behind_a_unix_socket(edge: Edge) -> None:
    relay = edge.host.start("python3", "-c", RELAY, "/run/php-relay.sock", "10.213.80.20", "9400")
    try:
        deadline = time.monotonic() + 10
        while edge.host.attempt("test", "-S", "/run/php-relay.sock").returncode:
            assert time.monotonic() < deadline
        assert php(edge, "/socket/page").json["script"] == "/srv/php/index.php"
    finally:
        edge.host.run("kill", relay)


@pytest.mark.feature("cache")
def test_a_cache_of_php(edge: Edge) -> None:
    path = f"/cached/{time.time_ns()}"

    def status(*options: str) -> str:
        return php(edge, path, *options).headers["x-cache-status"]

    first, second = php(edge, path), php(edge, path)
    assert [first.headers["x-cache-status"], second.headers["x-cache-status"]] == ["MISS", "HIT"]
    assert first.json["once"] == second.json["once"]
    assert status("--cookie", "session=1") == "BYPASS"
    assert status("-H", "Authorization: Bearer one") == "BYPASS"
    assert "x-cache-status" not in php(edge, path, "--data", "a=b").headers
    assert php(edge, path, "-H", "X-Tenant: other").json["once"] == first.json["once"]


@pytest.mark.feature("cache")
@pytest.mark.parametrize("name", ["php", "apps"])
def test_a_head_request_leaves_no_empty_page(edge: Edge, name: str) -> None:
    path = f"/{'cached' if name == 'php' else 'whole'}/{time.time_ns()}"
    asked = (*edge.connect(f"{name}.{edge.name}"), f"https://{name}.{edge.name}{path}")
    edge.client.curl("--head", *asked)
    assert edge.get(path, name=f"{name}.{edge.name}").json


def test_only_a_backend_serves_an_internal_location(edge: Edge) -> None:
    sent = php(edge, "/send/page?header[]=X-Accel-Redirect:%20/protected/report.txt")
    assert (sent.status, sent.body.strip()) == (200, "report.txt")
    ignored = php(edge, "/page?header[]=X-Accel-Redirect:%20/protected/report.txt")
    assert ignored.json["script"] == "/srv/php/index.php"


@pytest.mark.parametrize("protocol", ["uwsgi", "scgi", "fastcgi"])
def test_an_application_below_a_path(edge: Edge, protocol: str) -> None:
    said: dict[str, Any] = app(edge, f"/{protocol}/a%20b/c%2fd?q=1", "--data", "hello").json
    wanted = {
        "SCRIPT_NAME": f"/{protocol}",
        "PATH_INFO": "/a b/c/d",
        "QUERY_STRING": "q=1",
        "REQUEST_URI": f"/{protocol}/a%20b/c%2fd?q=1",
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": "5",
        "url_scheme": "https",
        "SERVER_NAME": f"apps.{edge.name}",
        "REMOTE_ADDR": CLIENT_ADDRESS,
        "body": hashlib.md5(b"hello").hexdigest(),  # noqa: S324 - compared, not trusted
    }
    assert {name: said.get(name) for name in wanted} == wanted


def test_an_application_of_all_paths(edge: Edge) -> None:
    said = app(edge, "/whole/a").json
    assert (said.get("SCRIPT_NAME", ""), said["PATH_INFO"]) == ("", "/whole/a")
    moved = app(edge, "/uwsgi?a=1")
    assert (moved.status, moved.headers["location"]) == (301, "/uwsgi/?a=1")


def test_files_come_before_the_application(edge: Edge) -> None:
    assert app(edge, "/hello.txt").body.strip() == "hello.txt"
    assert app(edge, "/pages/one").body.strip() == "index.html"
    assert app(edge, "/docs/").body.strip() == "start.html"
    assert app(edge, "/page?a=1").json["path"] == "/page?a=1"
    assert app(edge, "/docs").json["path"] == "/docs"  # a folder is no file
    seen = app(edge, "/page", "-H", "X-Forwarded-For: 192.0.2.1").json["headers"]
    assert (seen["host"], seen["x-forwarded-for"]) == (f"apps.{edge.name}", CLIENT_ADDRESS)


def test_roots_are_tried_in_order(edge: Edge) -> None:
    paths = ("own.css", "shared.css", "missing.css", ".env")
    assert [app(edge, f"/themes/{path}").status for path in paths] == [200, 200, 404, 404]


def test_hidden_paths_belong_to_the_application(edge: Edge) -> None:
    assert app(edge, "/.env").json["path"] == "/.env"
    assert app(edge, "/a/.gitignore").json["path"] == "/a/.gitignore"


def test_requests_with_a_body_pass_the_files(edge: Edge) -> None:
    edge.client.run("sh", "-c", "head -c 3000000 /dev/zero > /tmp/three-megabytes")
    assert app(edge, "/upload", "--data-binary", "@/tmp/three-megabytes").json["body_bytes"] == 3_000_000
    assert app(edge, "/hello.txt", "--data", "a=b").status == 405


def test_the_application_behind_files_has_the_access_rules(edge: Edge) -> None:
    for path in ("/staff/hello.txt", "/staff/page", "/staff/.env"):
        assert app(edge, path).status == 401
    assert app(edge, "/staff/hello.txt", *ANNA).status == 200
    assert app(edge, "/staff/page", *ANNA).json["path"] == "/staff/page"


@pytest.mark.feature("websocket")
def test_web_sockets_behind_files(edge: Edge) -> None:
    url = f"wss://apps.{edge.name}/ws/echo"
    echoed = edge.client.run("ws-echo", "--cacert", AUTHORITY, url, "hello", "edge")
    assert echoed.split() == ["hello", "edge"]
