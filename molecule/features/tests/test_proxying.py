# SPDX-License-Identifier: GPL-3.0-or-later
"""How requests reach backends and answers come back, seen from a client and from the backends."""

from __future__ import annotations

import subprocess
import time
from collections import Counter

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import Edge
from ansible_collections.hardened.nginx_edge.molecule.shared.logs import logged
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, SECURITY_HEADERS

CLIENT_ADDRESS = "10.213.80.40"
SLOW_CLIENT = """
import socket, sys, time
connection = socket.create_connection((sys.argv[1], 80), timeout=30)
connection.sendall(b"GET / HTTP/1.1\\r\\nHost: slow")
started = time.monotonic()
try:
    while connection.recv(1024):
        pass
except ConnectionResetError:
    pass  # the edge does not wait for the client's goodbye either
print(time.monotonic() - started)
"""


@pytest.mark.feature("reverse proxy", "real client address")
def test_backends_see_the_client_and_nothing_forged(edge: Edge) -> None:
    forged = ("-H", "X-Forwarded-For: 192.0.2.1", "-H", "X-Real-IP: 192.0.2.1", "-H", "X-Forwarded-Proto: gopher")
    for path in ("/app/", "/stripped/", "/ws/plain", "/events/", "/private/"):
        seen = edge.get(path, *forged).json["headers"]
        assert seen["host"] == edge.name
        assert seen["x-forwarded-for"] == seen["x-real-ip"] == CLIENT_ADDRESS
        assert seen["x-forwarded-proto"] == "https"


@pytest.mark.feature("prefix handling")
def test_prefix_is_stripped_where_asked_and_kept_elsewhere(edge: Edge) -> None:
    assert edge.get("/stripped/a/b?c=1").json["path"] == "/a/b?c=1"
    assert edge.get("/app/a%2fb").json["path"] == "/app/a%2fb"


@pytest.mark.feature("weights")
def test_weights(edge: Edge) -> None:
    counted = Counter(edge.processes("/weighted/[1-50]"))
    assert counted == {"node-3001": 30, "node-3002": 10, "node-3003": 10}


@pytest.mark.feature("balancing methods")
def test_a_client_keeps_its_server(edge: Edge) -> None:
    assert len(set(edge.processes("/sticky/[1-8]"))) == 1


@pytest.mark.feature("upstream keepalive")
def test_backend_connections_are_reused(edge: Edge) -> None:
    answers = [edge.get("/app/").json for _request in range(20)]
    assert len({(answer["process"], answer["connection"]) for answer in answers}) < len(answers)


@pytest.mark.feature("passive health")
def test_a_killed_server_is_left_alone_and_taken_back(edge: Edge) -> None:
    def start(port: int) -> str:
        return edge.host.start(
            "python3", "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", "/srv/www"
        )

    def answers(port: int) -> bool:
        return edge.host.attempt("curl", "-sf", f"http://127.0.0.1:{port}/").returncode == 0

    def asked() -> set[str]:
        """Which servers the edge tried in six requests, all of which have to be answered."""
        mark = time.time_ns()
        assert edge.statuses(f"/revived/static/hello.txt?{mark}-[1-6]") == [200] * 6
        tried = " ".join(line["upstream"] for line in logged(edge.host, str(mark), least=6))
        return {port for port in ("9201", "9202") if f"127.0.0.1:{port}" in tried}

    servers = {port: start(port) for port in (9201, 9202)}
    try:
        deadline = time.monotonic() + 30
        while not all(answers(port) for port in servers):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        time.sleep(3.5)  # whoever was found dead before is tried again after fail_timeout
        assert asked() == {"9201", "9202"}
        edge.host.run("kill", servers.pop(9202))
        deadline = time.monotonic() + 30
        asked()  # one request may find out; it is answered by the other server
        while asked() != {"9201"}:
            assert time.monotonic() < deadline
        servers[9202] = start(9202)
        deadline = time.monotonic() + 30
        while asked() != {"9201", "9202"}:
            assert time.monotonic() < deadline
    finally:
        for process in servers.values():
            edge.host.run("kill", process)


@pytest.mark.feature("uploads")
def test_a_body_without_buffering_is_not_written_to_a_file(edge: Edge) -> None:
    """nginx unlinks the file as soon as it has opened it, but its directory shows when that was."""

    def changed() -> str:
        return edge.host.run("stat", "--format", "%y", "/var/lib/nginx/body")

    edge.client.run("sh", "-c", "head -c 500000 /dev/zero > /tmp/upload")  # nginx's buffer holds 16k
    written = {}
    for path in ("/app/", "/uploads/"):
        before = changed()
        assert edge.get(path, "--data-binary", "@/tmp/upload").json["body_bytes"] == 500000
        written[path] = changed() != before
    assert written == {"/app/": True, "/uploads/": False}


@pytest.mark.feature("websocket")
@pytest.mark.parametrize("scheme", ["wss", "ws"])
def test_web_sockets(edge: Edge, scheme: str) -> None:
    name = edge.name if scheme == "wss" else f"plain.{edge.name}"
    echoed = edge.client.run("ws-echo", "--cacert", AUTHORITY, f"{scheme}://{name}/ws/echo", "hello", "edge")
    assert echoed.split() == ["hello", "edge"]


@pytest.mark.feature("websocket")
def test_plain_requests_of_a_web_socket_location_keep_the_connection(edge: Edge) -> None:
    assert edge.get("/ws/plain").json["headers"].get("connection") in (None, "keep-alive")


@pytest.mark.feature("streaming")
def test_the_first_event_arrives_while_the_response_is_open(edge: Edge) -> None:
    command = ("curl", "-sSN", "--max-time", "20", "--cacert", AUTHORITY, *edge.connect(edge.name))
    with subprocess.Popen(
        ("docker", "exec", edge.client.container, *command, f"https://{edge.name}/events/sse?count=6"),
        stdout=subprocess.PIPE,
        text=True,
    ) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline().strip() == "id: 1"
        assert asking.poll() is None  # the last event is two and a half seconds away
        rest = asking.stdout.read()
    assert rest.count("id: ") == 5


@pytest.mark.feature("cache")
def test_requests_with_credentials_bypass_the_cache(edge: Edge) -> None:
    path = f"/twice/{time.time_ns()}"
    assert [edge.get(path).headers["x-cache-status"] for _request in range(3)] == ["MISS", "MISS", "HIT"]
    assert edge.get(path, "-H", "Authorization: Bearer one").headers["x-cache-status"] == "BYPASS"


@pytest.mark.feature("security headers")
@pytest.mark.parametrize(
    ("path", "status"),
    [("/app/", 200), ("/moved", 308), ("/nothing", 404), ("/counted/?key=all", 429), ("/dead/", 502), ("/raw/", 200)],
)
def test_security_headers_on_every_response(edge: Edge, path: str, status: int) -> None:
    if status == 429:
        edge.statuses(f"{path}&n=[1-3]")
    response = edge.get(path)
    assert response.status == status
    assert [name for name in SECURITY_HEADERS if name not in response.headers] == []
    assert "x-powered-by" not in response.headers
    assert response.headers["server"] == "nginx"


@pytest.mark.feature("compression and limits")
def test_a_slow_client_is_let_go(edge: Edge) -> None:
    """After five seconds for the head of a request, which never ends."""
    seconds = float(edge.client.run("python3", "-c", SLOW_CLIENT, edge.address))
    assert 4 < seconds < 15


@pytest.mark.feature("TLS termination")
def test_plain_http_is_redirected(edge: Edge) -> None:
    response = edge.plain("/app/x?a=1", name=edge.name)
    assert (response.status, response.headers["location"]) == (301, f"https://{edge.name}/app/x?a=1")
    assert {name for name in SECURITY_HEADERS if name not in response.headers} == {"strict-transport-security"}


@pytest.mark.feature("TLS termination")
def test_unknown_names_are_refused(edge: Edge) -> None:
    for url in ("https://unknown.test/", "http://unknown.test/"):
        asked = ("curl", "-sk", "--max-time", "10", *edge.connect("unknown.test"), url)
        assert edge.client.attempt(*asked).returncode in (35, 52, 56, 92)  # no handshake, or no answer


@pytest.mark.feature("HTTP/2")
def test_http2(edge: Edge) -> None:
    assert edge.get("/app/", "--http2").version == "HTTP/2"
    assert edge.get("/app/", "--http1.1").version == "HTTP/1.1"


@pytest.mark.feature("HTTP/3")
def test_http3_where_nginx_is_built_with_it(edge: Edge) -> None:
    offered = "alt-svc" in edge.get("/app/").headers
    asked = ("curl", "--http3-only", "-sSk", "--max-time", "5", *edge.connect(edge.name), f"https://{edge.name}/app/")
    assert (edge.client.attempt(*asked).returncode == 0) is offered is (edge.suite in ("trixie", "forky"))


def test_each_worker_is_bound_to_one_core_without_http3(edge: Edge) -> None:
    children = edge.host.run("sh", "-c", "ps -o pid=,args= --ppid $(cat /run/nginx.pid)")
    workers = [line.split()[0] for line in children.splitlines() if "worker process" in line]
    assert workers, children
    allowed = edge.host.run("grep", "-h", "Cpus_allowed_list", *(f"/proc/{worker}/status" for worker in workers))
    cores = int(edge.host.run("nproc", "--all"))
    bound = {line.split()[1] for line in allowed.splitlines()} == {str(core) for core in range(cores)}
    assert bound is ("alt-svc" not in edge.get("/app/").headers)


@pytest.mark.feature("stub_status")
def test_the_status_page_is_for_loopback_alone(edge: Edge) -> None:
    printed = edge.host.run("curl", "-sS", "http://127.0.0.1:8090/stub_status")
    accepted, handled, requests = printed.splitlines()[2].split()
    assert int(accepted) == int(handled) <= int(requests)
    asked = ("curl", "-sS", "--max-time", "5", f"http://{edge.address}:8090/stub_status")
    assert edge.client.attempt(*asked).returncode == 7  # nothing listens there
