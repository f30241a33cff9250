# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model can say, shown by traffic from a client with a separate address."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import Edge
from ansible_collections.hardened.nginx_edge.molecule.shared.logs import logged
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, Client

BACKEND = Client("feature-backend")
PROXIED_REQUEST = """
import sys, urllib.request as r
address, name, path, *clients = sys.argv[1:]
for client in clients:
    headers = {"Host": name, "X-Forwarded-For": client}
    print(r.urlopen(r.Request(f"http://{address}{path}", headers=headers)).read().decode().strip())
"""
REQUEST_WITH_ODD_BYTES = """
import socket, sys
address, mark, name = sys.argv[1:]
connection = socket.create_connection((address, 80))
connection.sendall(
    b"GET /" + mark.encode() + b"-\\xff\\xfe HTTP/1.1\\r\\nHost: " + name.encode()
    + b"\\r\\nUser-Agent: \\xc3\\xbc \\xff\\r\\nReferer: \\xed\\xa0\\x80\\r\\nConnection: close\\r\\n\\r\\n"
)
print(connection.recv(9))
"""


@pytest.mark.feature("rate limits")
def test_a_limit_counts_and_refuses(edge: Edge) -> None:
    assert edge.statuses(f"/counted/[1-4]?key={time.time_ns()}") == [200, 200, 429, 429]


@pytest.mark.case("E4")
def test_requests_within_the_burst_are_delayed(edge: Edge) -> None:
    """The second request would have to wait for a minute."""
    name = edge.name
    url = f"https://{name}/delayed/[1-2]?key={time.time_ns()}"
    format_ = ("-o", "/dev/null", "-w", "%{http_code}\\n", "--max-time", "3")
    done = edge.client.attempt("curl", "-sS", "--cacert", AUTHORITY, *edge.connect(name), *format_, url)
    assert done.stdout.split() == ["200", "000"]


@pytest.mark.feature("rate limits")
def test_an_exempt_network_is_not_limited(edge: Edge) -> None:
    assert edge.statuses("/exempted/[1-4]") == [200] * 4


@pytest.mark.feature("rate limits")
def test_a_dry_run_refuses_nothing(edge: Edge) -> None:
    assert edge.statuses(f"/dry/[1-4]?key={time.time_ns()}") == [200] * 4


@pytest.mark.feature("rate limits")
@pytest.mark.parametrize(("path", "allowed"), [("/app/", 3), ("/both/", 3), ("/less/", 1)])
def test_limits_of_a_site_apply_to_its_locations(edge: Edge, path: str, allowed: int) -> None:
    """A location has its own burst for the same zone."""
    key = time.time_ns()
    found = [edge.get(f"{path}?key={key}", name=f"limits.{edge.name}").status for _request in range(5)]
    assert found == [200] * allowed + [429] * (5 - allowed)


@pytest.mark.feature("rate limits")
@pytest.mark.parametrize("options", [("-H", "X-Key: {}"), ("-b", "key={}"), ("-u", "{}:password")])
def test_several_limits_count_by_header_cookie_and_user(edge: Edge, options: tuple[str, str]) -> None:
    path, key = "/user/" if options[0] == "-u" else "/both/", time.time_ns()
    given = [one.format(key) for one in options]
    assert [edge.get(path, *given, name=f"limits.{edge.name}").status for _request in range(2)] == [200, 429]
    assert [edge.get(path, name=f"limits.{edge.name}").status for _request in range(2)] == [200, 200]


@pytest.mark.feature("rate limits")
def test_one_connection_too_many_is_refused(edge: Edge) -> None:
    parallel = ("--parallel", "--parallel-immediate", "--http1.1")
    assert sorted(edge.statuses("/single/slow?ms=1500&n=[1-3]", *parallel)) == [200, 429, 429]


@pytest.mark.parametrize(("path", "status"), [("/allowed/", 200), ("/others/", 403), ("/denied/", 403)])
@pytest.mark.feature("access control")
def test_access_by_address(edge: Edge, path: str, status: int) -> None:
    assert edge.get(path).status == status


@pytest.mark.feature("passive health")
def test_a_backup_serves_when_the_others_are_dead(edge: Edge) -> None:
    assert set(edge.processes("/backed-up/[1-4]")) == {"node-3002"}


@pytest.mark.feature("passive health")
def test_dead_and_down_servers_are_left_alone(edge: Edge) -> None:
    assert edge.statuses("/partly-dead/[1-6]") == [200] * 6
    assert set(edge.processes("/partly-dead/[1-6]")) == {"node-3001"}


@pytest.mark.feature("passive health")
def test_a_server_gets_no_more_connections_than_it_may(edge: Edge) -> None:
    parallel = ("--parallel", "--parallel-immediate", "--http1.1")
    assert sorted(edge.statuses("/narrow/slow?ms=1500&n=[1-2]", *parallel)) == [200, 502]


@pytest.mark.feature("balancing methods")
def test_a_hash_keeps_a_key_on_its_server(edge: Edge) -> None:
    first = edge.processes("/by-uri/[1-12]")
    assert edge.processes("/by-uri/[1-12]") == first
    assert len(set(first)) > 1


@pytest.mark.feature("balancing methods")
def test_random_spreads(edge: Edge) -> None:
    assert set(Counter(edge.processes("/at-random/[1-60]"))) == {"node-3001", "node-3002", "node-3003"}


@pytest.mark.feature("files and fixed answers", "security headers")
def test_an_error_page_of_the_edge(edge: Edge) -> None:
    response = edge.get("/dead/")
    assert (response.status, response.body) == (502, "sorry\n")
    assert "x-frame-options" in response.headers


@pytest.mark.feature("cache")
def test_a_stale_response_is_served_while_the_backend_is_dead(edge: Edge) -> None:
    server = edge.host.start("python3", "-m", "http.server", "9200", "--directory", "/srv/www")
    try:
        path = f"/frail/static/hello.txt?{time.time_ns()}"
        deadline = time.monotonic() + 20
        while (first := edge.get(path)).status != 200:
            assert time.monotonic() < deadline, first
            time.sleep(0.3)
        assert first.headers["x-cache-status"] in ("MISS", "EXPIRED")
    finally:
        edge.host.run("kill", server)
    deadline = time.monotonic() + 20
    while (stale := edge.get(path)).headers["x-cache-status"] == "HIT":  # valid for a second or two
        assert time.monotonic() < deadline, stale
        time.sleep(0.5)
    assert (stale.status, stale.body) == (200, "hello from root\n")
    assert stale.headers["x-cache-status"] in ("STALE", "UPDATING")


@pytest.mark.feature("cache")
def test_a_response_is_stored_at_its_second_use(edge: Edge) -> None:
    path = f"/twice/{time.time_ns()}"
    assert [edge.get(path).headers["x-cache-status"] for _request in range(3)] == ["MISS", "MISS", "HIT"]


@pytest.mark.feature("cache")
def test_the_backend_is_asked_once_for_all_who_wait(edge: Edge) -> None:
    url = f"https://{edge.name}/keyed/{time.time_ns()}/slow?ms=1500"
    wanted = ("-o", "/dev/null", "-w", "%header{x-cache-status}\\n", "--parallel", "--parallel-immediate", "--http1.1")
    printed = edge.client.curl(*edge.connect(edge.name), *wanted, *([url, "-o", "/dev/null"] * 2), url)
    assert sorted(printed.split()) == ["HIT", "HIT", "MISS"]


@pytest.mark.feature("cache")
def test_a_key_of_ones_own(edge: Edge) -> None:
    path = f"/keyed/{time.time_ns()}"
    assert [edge.get(f"{path}?visit={visit}").headers["x-cache-status"] for visit in (1, 2)] == ["MISS", "HIT"]


@pytest.mark.feature("cache")
def test_each_status_lives_for_its_time(edge: Edge) -> None:
    def asked(path: str) -> str:
        return edge.get(path).headers["x-cache-status"]

    found, missing, broken = (f"/by-status/{time.time_ns()}{end}" for end in ("", "/status/404", "/status/500"))
    assert [asked(path) for path in (found, missing, broken)] == ["MISS", "MISS", "MISS"]
    time.sleep(2.5)
    assert [asked(path) for path in (found, broken)] == ["HIT", "MISS"]
    assert asked(missing) in ("EXPIRED", "STALE", "UPDATING")


@pytest.mark.feature("cache")
def test_a_response_that_sets_a_cookie_is_not_shared(edge: Edge) -> None:
    path = f"/cookie/{time.time_ns()}/set-cookie"
    answers = [edge.get(path) for _request in range(2)]
    assert [answer.headers["x-cache-status"] for answer in answers] == ["MISS", "MISS"]


@pytest.mark.parametrize(
    ("path", "status"), [("/private/", 200), ("/wrong-name/", 502), ("/wrong-authority/", 502), ("/unverified/", 200)]
)
@pytest.mark.feature("TLS to backends")
def test_backends_are_verified(edge: Edge, path: str, status: int) -> None:
    assert edge.get(path).status == status


@pytest.mark.feature("gRPC")
def test_grpc(edge: Edge) -> None:
    answer = edge.client.run("grpc-echo", f"{edge.address}:443", AUTHORITY, edge.name, "hello")
    assert answer.strip() == "hello from 10.213.80.40"


@pytest.mark.case("E3")
def test_a_silent_grpc_stream_lives_as_long_as_its_location_allows(edge: Edge) -> None:
    """Longer than the edge's client_body_timeout."""
    answer = edge.client.run("grpc-echo", f"{edge.address}:443", AUTHORITY, edge.name, "hello", "6")
    assert answer.strip() == "2"


@pytest.mark.case("E6")
def test_expressions_may_use_all_of_pcre(edge: Edge) -> None:
    assert edge.get("/letters/word").body == "found"
    assert edge.get("/letters/12").status == 404


@pytest.mark.case("E7")
def test_a_path_with_a_space_matches_its_encoded_form(edge: Edge) -> None:
    assert edge.get("/my%20files/list").status == 200


@pytest.mark.case("F10")
def test_log_lines_are_valid_utf8_whatever_clients_send(edge: Edge) -> None:
    mark = f"mark-{time.time_ns()}"
    edge.client.run("python3", "-c", REQUEST_WITH_ODD_BYTES, edge.address, mark, f"plain.{edge.name}")
    (line,) = logged(edge.host, mark)
    assert line["uri"] == f"/{mark}-(invalid)"
    assert line["user_agent"] == "\u00fc (invalid)"
    assert line["referrer"] == "(invalid)"


@pytest.mark.feature("files and fixed answers")
def test_files_of_a_folder_and_nothing_beside_it(edge: Edge) -> None:
    assert edge.get("/files/hello.txt").body == "hello from alias\n"
    assert edge.get("/static/hello.txt").body == "hello from root\n"
    for path in (
        "/files-secret.txt",
        "/files../files-secret.txt",
        "/files/../files-secret.txt",
        "/files/%2e%2e/files-secret.txt",
    ):
        assert edge.get(path, "--path-as-is").status in (400, 404)


@pytest.mark.feature("compression and limits")
def test_a_body_over_the_limit_is_refused(edge: Edge) -> None:
    assert edge.get("/small/", "--data", "x" * 900).json["body_bytes"] == 900
    assert edge.get("/small/", "--data", "x" * 1100).status == 413


@pytest.mark.feature("access control")
def test_clients_without_a_certificate_are_refused(edge: Edge) -> None:
    name = f"clients.{edge.name}"
    assert edge.get("/", name=name).status == 400
    assert edge.get("/", "--cert", "/srv/client.pem", "--key", "/srv/client.key", name=name).status == 200


@pytest.mark.feature("files and fixed answers", "security headers")
def test_a_closed_site_says_so(edge: Edge) -> None:
    response = edge.get("/any/path", name=f"closed.{edge.name}")
    assert (response.status, response.body, response.headers["retry-after"]) == (503, "Back at noon.", "3600")
    assert "x-frame-options" in response.headers


def test_a_plain_site_is_not_redirected(edge: Edge) -> None:
    response = edge.plain("/app", name=f"plain.{edge.name}")
    assert response.status == 200
    assert "strict-transport-security" not in response.headers


def test_raw_directives_are_there(edge: Edge) -> None:
    assert edge.get("/raw/").headers["x-set"] == "yes"


@pytest.mark.feature("lifetimes")
@pytest.mark.parametrize(
    ("path", "lifetime"),
    [
        ("/assets/app.0a1b2c3d.js", "max-age=31536000, immutable"),
        ("/assets/logo.svg", "max-age=2592000"),
        ("/assets/page.html", "no-cache"),
        ("/assets/notes.txt", "max-age=3600"),
        ("/assets/missing.0a1b2c3d.js", None),
        ("/static/hello.txt", None),
    ],
)
def test_files_have_lifetimes(edge: Edge, path: str, lifetime: str | None) -> None:
    found = edge.get(path)
    assert found.headers.get("cache-control") == lifetime
    if lifetime:
        assert edge.get(path, "--range", "0-1").headers["cache-control"] == lifetime
        unchanged = edge.get(path, "-H", f"If-None-Match: {found.headers['etag']}")
        assert (unchanged.status, unchanged.headers.get("cache-control")) == (304, None)


@pytest.mark.feature("redirects")
@pytest.mark.parametrize(
    ("path", "status", "target"),
    [
        ("/old?a=1", 301, "/new?a=1"),
        ("/kept", 308, "/form"),
        ("/blog/2024/a%2fb", 301, "/news/2024/a%2fb"),
        ("/Blog/about", 301, "/new"),
        ("/blog/about", 301, "/news/about"),
        ("/find/a?b=1", 301, "/search/a?from=find"),
        ("/de/p/42", 302, "/products/de/42"),
        ("/older", 200, None),
    ],
)
def test_paths_are_redirected(edge: Edge, path: str, status: int, target: str | None) -> None:
    response = edge.get(path, name=f"moved.{edge.name}")
    assert (response.status, response.headers.get("location")) == (status, target)


@pytest.mark.feature("redirects")
def test_aliases_lead_to_the_name_of_the_site(edge: Edge) -> None:
    alias, url = f"www.moved.{edge.name}", f"https://moved.{edge.name}/x?a=1"
    for response in (edge.get("/x?a=1", name=alias), edge.plain("/x?a=1", name=alias)):
        assert (response.status, response.headers["location"]) == (308, url)
    posted = edge.client.curl(
        "-L", *edge.connect(alias), *edge.connect(f"moved.{edge.name}"), "-d", "x", f"https://{alias}/x"
    )
    assert json.loads(posted)["method"] == "POST"


@pytest.mark.feature("compressed files")
def test_a_compressed_file_is_sent_to_clients_that_accept_it(edge: Edge) -> None:
    path = "/assets/app.0a1b2c3d.js"
    assert edge.get(path).body == "as it was written\n"
    accepted = edge.get(path, "-H", "Accept-Encoding: gzip")
    assert (accepted.headers["content-encoding"], accepted.body) == ("gzip", "compressed before\n")
    assert accepted.headers["vary"] == "Accept-Encoding"
    assert accepted.headers["cache-control"] == "max-age=31536000, immutable"


@pytest.mark.feature("compressed files")
def test_a_location_without_compression(edge: Edge) -> None:
    options = ("-H", "Accept-Encoding: gzip", "-H", f"X-Long: {'x' * 1200}")
    assert "content-encoding" not in edge.get("/uncompressed/", *options).headers


@pytest.mark.feature("compression and limits")
def test_text_is_compressed(edge: Edge) -> None:
    options = ("-H", "Accept-Encoding: gzip", "-H", f"X-Long: {'x' * 1200}", "-o", "/dev/null", "--dump-header", "-")
    printed = edge.client.curl(*edge.connect(edge.name), *options, f"https://{edge.name}/app/")
    assert "content-encoding: gzip" in printed.lower()


@pytest.mark.feature("logs")
def test_a_quiet_location_leaves_no_line_in_the_log(edge: Edge) -> None:
    mark = str(time.time_ns())
    edge.get(f"/quiet/{mark}")
    edge.get(f"/app/loud-{mark}")
    assert [line["uri"] for line in logged(edge.host, mark)] == [f"/app/loud-{mark}"]


def by_proxy(edge: Edge, path: str, *clients: str) -> list[Any]:
    """What the backend saw of requests that the trusted proxy made for some clients."""
    printed = BACKEND.run("python3", "-c", PROXIED_REQUEST, edge.address, f"plain.{edge.name}", path, *clients)
    return [json.loads(line) for line in printed.splitlines()]


@pytest.mark.feature("real client address", "balancing methods")
def test_affinity_goes_by_the_real_client(edge: Edge) -> None:
    clients = [f"198.51.{network}.7" for network in range(16)]  # nginx looks at the first three numbers
    first, second = ([answer["process"] for answer in by_proxy(edge, "/sticky/", *clients)] for _turn in range(2))
    assert first == second
    assert set(first) == {"node-3001", "node-3002"}


@pytest.mark.feature("real client address")
def test_a_trusted_proxy_names_the_client_and_others_cannot(edge: Edge) -> None:
    (answer,) = by_proxy(edge, "/app/", "198.51.100.7")
    assert answer["headers"]["x-forwarded-for"] == "198.51.100.7"
    forged = edge.get("/app/", "-H", "X-Forwarded-For: 198.51.100.7").json["headers"]
    assert forged["x-forwarded-for"] == "10.213.80.40"
