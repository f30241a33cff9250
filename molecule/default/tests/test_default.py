# SPDX-License-Identifier: GPL-3.0-or-later
"""An edge from nothing: what it serves, seen from a client, and what it runs, seen on the host."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.molecule.shared.logs import logged
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, SECURITY_HEADERS, Client

testinfra_hosts = ["ansible://edge"]


@pytest.fixture(scope="session")
def client() -> Client:
    return Client("edge-client")


@pytest.fixture
def name(host: Any, client: Client) -> str:
    """Host name of the site of the edge under test; the client trusts the authority it was issued by."""
    acme = host.get_host("docker://edge-acme")
    authority = acme.file("/srv/acme/ca.pem").content_string
    client.run("sh", "-c", f"cat > /tmp/listener.pem <<'EOF'\n{authority}\nEOF")
    client.trust("https://acme.test:15000/roots/0", "/tmp/listener.pem")
    return str(host.ansible.get_variables()["server_name"])


@pytest.fixture
def origin(name: str) -> str:
    return f"https://{name}"


@pytest.mark.feature("certificates")
def test_certificate_is_issued_by_the_acme_server(host: Any, client: Client, origin: str) -> None:
    served = client.curl("-o", "/dev/null", "-w", "%{certs}", f"{origin}/weighted/")
    assert "Pebble" in served
    serial = host.run("openssl x509 -noout -serial -in /etc/letsencrypt/live/*/fullchain.pem").stdout.strip()
    assert serial.removeprefix("serial=").lower() in re.sub(r"[^0-9a-f]", "", served.lower())


@pytest.mark.feature("HTTP/2")
def test_http_versions_over_tcp(client: Client, origin: str) -> None:
    assert client.get(f"{origin}/weighted/", "--http1.1").version == "HTTP/1.1"
    assert client.get(f"{origin}/weighted/", "--http2").version == "HTTP/2"


@pytest.mark.feature("HTTP/3")
def test_http3_where_nginx_is_built_with_it(host: Any, client: Client, origin: str) -> None:
    response = client.get(f"{origin}/weighted/", "--http2")
    if "--with-http_v3_module" in host.run("nginx -V").stderr:
        assert response.headers["alt-svc"] == 'h3=":443"; ma=86400'
        assert client.get(f"{origin}/weighted/", "--http3-only").version == "HTTP/3"
    else:
        assert "alt-svc" not in response.headers
        assert client.attempt("curl", "--http3-only", "--max-time", "2", f"{origin}/weighted/").returncode != 0


@pytest.mark.feature("TLS termination")
def test_plain_http_is_redirected(client: Client, name: str) -> None:
    response = client.get(f"http://{name}/weighted/x?a=1")
    assert (response.status, response.headers["location"]) == (301, f"https://{name}/weighted/x?a=1")


@pytest.mark.feature("reverse proxy", "real client address")
def test_backends_see_the_client_and_nothing_forged(client: Client, name: str, origin: str) -> None:
    forged = ("-H", "X-Forwarded-For: 192.0.2.1", "-H", "X-Real-IP: 192.0.2.1", "-H", "X-Forwarded-Proto: gopher")
    seen = client.get(f"{origin}/weighted/", *forged).json["headers"]
    assert seen["host"] == name
    assert seen["x-forwarded-for"] == seen["x-real-ip"] == "10.213.78.40"
    assert seen["x-forwarded-proto"] == "https"


@pytest.mark.feature("prefix handling")
def test_prefix_is_stripped_where_asked_and_kept_elsewhere(client: Client, origin: str) -> None:
    assert client.get(f"{origin}/plain/a/b?c=1").json["path"] == "/a/b?c=1"
    assert client.get(f"{origin}/weighted/a%2fb").json["path"] == "/weighted/a%2fb"


@pytest.mark.feature("weights")
def test_weights(client: Client, origin: str) -> None:
    # Only whole rounds add up exactly, and each worker shares the rounds through the zone.
    counted = Counter(client.processes(f"{origin}/weighted/[1-50]"))
    assert counted == {"node-3001": 30, "node-3002": 10, "node-3003": 10}


@pytest.mark.feature("balancing methods")
def test_affinity(client: Client, origin: str) -> None:
    assert len(set(client.processes(f"{origin}/api/[1-6]"))) == 1


@pytest.mark.feature("upstream keepalive")
def test_backend_connections_are_reused(client: Client, origin: str) -> None:
    before = [client.get(f"{origin}/weighted/").json for _request in range(20)]
    connections = {(answer["process"], answer["connection"]) for answer in before}
    assert len(connections) < len(before)


@pytest.mark.feature("rate limits")
def test_rate_limit_of_logins_is_stricter(client: Client, origin: str) -> None:
    assert client.statuses(f"{origin}/api/auth/[1-8]") == [200] * 4 + [429] * 4
    assert client.get(f"{origin}/weighted/").status == 200


@pytest.mark.feature("websocket")
def test_web_socket_and_plain_requests_share_a_location(client: Client, name: str, origin: str) -> None:
    assert client.run("ws-echo", "--cacert", AUTHORITY, f"wss://{name}/ws/echo", "hello", "edge").split() == [
        "hello",
        "edge",
    ]
    assert client.get(f"{origin}/ws/plain").json["headers"].get("connection") in (None, "keep-alive")


@pytest.mark.feature("cache")
def test_cache(client: Client, origin: str) -> None:
    path = f"{origin}/api/public/{time.time_ns()}"
    answers = [client.get(path) for _request in range(2)]
    assert [answer.headers["x-cache-status"] for answer in answers] == ["MISS", "HIT"]
    assert answers[0].body == answers[1].body


@pytest.mark.feature("cache")
def test_requests_with_credentials_bypass_the_cache(client: Client, origin: str) -> None:
    path = f"{origin}/api/public/{time.time_ns()}"
    private = [client.get(path, "-H", "Authorization: Bearer one") for _request in range(2)]
    assert [answer.headers["x-cache-status"] for answer in private] == ["BYPASS", "BYPASS"]
    assert client.get(path).headers["x-cache-status"] == "MISS"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/weighted/", 200), ("/moved", 301), ("/nothing", 404), ("/dead/", 502), ("/api/public/h", 200)],
)
@pytest.mark.feature("security headers")
def test_security_headers_on_every_response(client: Client, origin: str, path: str, status: int) -> None:
    response = client.get(origin + path)
    assert response.status == status
    assert [name for name in SECURITY_HEADERS if name not in response.headers] == []
    assert "x-powered-by" not in response.headers
    assert response.headers["server"] == "nginx"


@pytest.mark.feature("security headers")
def test_security_headers_on_a_refusal(client: Client, origin: str) -> None:
    statuses = client.statuses(f"{origin}/api/auth/again[1-6]")
    assert statuses[-1] == 429
    response = client.get(f"{origin}/api/auth/again")
    assert response.status == 429
    assert [name for name in SECURITY_HEADERS if name not in response.headers] == []


@pytest.mark.feature("TLS termination")
def test_unknown_names_are_refused(host: Any, client: Client, name: str) -> None:
    address = host.ansible.get_variables()["server_address"]
    handshake = client.attempt("openssl", "s_client", "-connect", f"{address}:443", "-servername", "other.test")
    assert "unrecognized name" in handshake.stderr
    refused = client.attempt("curl", "-sS", "-H", "Host: other.test", f"http://{address}/")
    assert refused.returncode in (52, 56)  # closed without an answer, or reset
    assert client.get(f"http://{name}/").status == 301


@pytest.mark.feature("streaming")
def test_streams_are_not_held_back(client: Client, origin: str) -> None:
    command = f"curl -sSN --max-time 10 --cacert {AUTHORITY} '{origin}/events/sse?count=20' | (head -c 1; date +%s%N)"
    started = int(client.run("date", "+%s%N"))
    first = int(client.run("sh", "-c", command)[1:])
    assert (first - started) / 1e9 < 5, "the first event came when the response was over"


def test_generation_on_disk_is_the_one_that_answers(host: Any) -> None:
    live = host.file("/etc/nginx/nginx.conf").linked_to.split("/")[-2]
    assert _on_loopback(host, "http://127.0.0.1:8090/generation").strip() == live
    assert host.run("readlink /etc/nginx/generations/running").stdout.strip() == live
    assert host.run("nginx -t").rc == 0


@pytest.mark.feature("stub_status")
def test_status_is_on_loopback_alone(host: Any, client: Client) -> None:
    assert re.search(r"^Active connections: \d+", _on_loopback(host, "http://127.0.0.1:8090/stub_status"))
    address = host.ansible.get_variables()["server_address"]
    assert client.attempt("curl", "-sS", "--max-time", "2", f"http://{address}:8090/").returncode == 7


@pytest.mark.feature("logs")
def test_access_log_is_json_with_upstream_timing(host: Any, client: Client, origin: str) -> None:
    path = f"/weighted/{time.time_ns()}"
    client.get(f"{origin}{path}")
    (line,) = logged(Client(host.ansible.get_variables()["inventory_hostname"]), path)
    assert line["upstream"].startswith("10.213.78.20:300")
    assert line["remote_addr"] == "10.213.78.40"
    assert float(line["upstream_seconds"]) >= 0


@pytest.mark.feature("certificates")
def test_renewal_is_planned_and_rehearsed(host: Any) -> None:
    timer = host.run("systemctl show nginx-edge-certbot.timer --property=ActiveState,NextElapseUSecRealtime").stdout
    assert "ActiveState=active" in timer
    assert re.search(r"NextElapseUSecRealtime=\S+", timer)
    rehearsal = host.run(
        "REQUESTS_CA_BUNDLE=/etc/ssl/acme-ca.pem certbot renew --dry-run --no-random-sleep-on-renew"
        " --server https://acme.test:14000/dir"
    )
    assert rehearsal.rc == 0, rehearsal.stdout + rehearsal.stderr
    assert "all simulated renewals succeeded" in rehearsal.stdout + rehearsal.stderr


@pytest.mark.feature("Prometheus")
def test_the_node_exporter_tells_of_certificates_and_their_renewal(host: Any, name: str) -> None:
    renewed = host.run("systemctl start nginx-edge-certbot.service")
    assert renewed.rc == 0, renewed.stderr + host.run("journalctl --no-pager -n 40").stdout
    wanted = {"nginx_edge_renewal_succeeded": 1.0, f'nginx_edge_certificate_served{{certificate="{name}"}}': 1.0}
    told: dict[str, float] = {}
    for _attempt in range(20):
        lines = _on_loopback(host, "http://127.0.0.1:9100/metrics").splitlines()
        samples = (line.rpartition(" ") for line in lines if line.startswith("nginx_edge_"))
        told = {sample: float(value) for sample, _space, value in samples}
        if told.items() >= wanted.items():
            break
        time.sleep(0.5)  # the node exporter reads the file at each scrape; systemd writes it behind the renewal
    assert told.items() >= wanted.items(), told
    days = [told[f'nginx_edge_certificate_days_left{{at="{at}",certificate="{name}"}}'] for at in ("disk", "served")]
    assert days[0] == days[1]
    assert 80 < days[0] <= 90


def test_the_next_start_is_checked(host: Any) -> None:
    text = host.run("cat /var/lib/prometheus/node-exporter/nginx_edge_check.prom").stdout
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines == ["nginx_edge_configuration_valid 1", "nginx_edge_outdated_files 0"]
    checked = host.run("nginx-edge check")
    assert (checked.rc, checked.stderr) == (0, "")
    assert checked.stdout.endswith("It runs the program and libraries on disk.\n")


def test_the_command_shows_certificates(host: Any, name: str) -> None:
    shown = host.run("nginx-edge certificates").stdout.splitlines()
    assert re.match(rf"{name} +20\S+ \S+ +\d+ +CN=Pebble Intermediate CA \w+ +yes$", shown[1]), shown


@pytest.mark.parametrize(
    ("unit", "most"),
    [
        ("nginx", 2.5),  # 0.1 of it is sched_setaffinity, with which nginx binds its workers to cores
        ("nginx-edge-certbot", 3.0),
        ("nginx-edge-take-over", 3.0),
        ("nginx-edge-metrics", 2.0),
        ("nginx-edge-check", 2.5),
    ],
)
def test_units_are_sandboxed(host: Any, unit: str, most: float) -> None:
    exposure = host.run(f"systemd-analyze security --no-pager {unit}.service | tail -n 1").stdout
    assert float(re.findall(r"\d+\.\d+", exposure)[0]) <= most, exposure


def test_no_unit_dumps_core(host: Any) -> None:
    units = "nginx", "nginx-edge-certbot", "nginx-edge-take-over", "nginx-edge-metrics", "nginx-edge-check"
    for unit in (*units, "prometheus-nginx-exporter"):
        assert host.run(f"systemctl show --property=LimitCORE --value {unit}.service").stdout == "0\n", unit


def test_what_nginx_creates_is_private(host: Any) -> None:
    assert host.run("systemctl show --property=UMask --value nginx.service").stdout == "0077\n"


def test_only_our_unit_renews(host: Any) -> None:
    for unit in ("certbot.timer", "certbot.service"):
        assert host.run(f"systemctl is-enabled {unit}").stdout == "masked\n"


PUBLIC = re.compile(
    r"/etc/(systemd/system|apt|default|logrotate\.d|sysusers\.d|tmpfiles\.d)/"
    r"|/etc/(passwd|group|subuid|subgid)-?$|/etc/ld\.so\.cache$|/etc/ssh/ssh_host_\w+\.pub$|/etc/ssl/acme-ca\.pem$"
    r"|/etc/letsencrypt/(csr|renewal|renewal-hooks)/|/etc/nginx/generations/original/"
    r"|/usr/local/s?bin/nginx-edge$|/usr/local/lib/nginx-edge/|/var/lib/nginx-edge/acme/"
)
"""What other accounts may read: settings of systemd and apt, programs, and what belongs to other packages."""


def test_nothing_is_readable_without_need(host: Any) -> None:
    places = "/etc /usr/local /opt /srv /var/log/nginx /var/log/letsencrypt /var/cache/nginx-edge /var/lib/nginx-edge"
    new = "-xdev -type f -readable -newer /etc/ssh/ssh_host_ed25519_key"
    found = host.run(f"runuser -u nobody -- find {places} {new}").stdout.splitlines()
    assert "/usr/local/sbin/nginx-edge" in found
    assert "\n".join(path for path in found if not PUBLIC.match(path)) == ""


def _on_loopback(host: Any, url: str) -> str:
    program = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=10).read().decode())"
    done = host.run("python3 -c %s %s", program, url)
    assert done.rc == 0, done.stderr + host.run("journalctl --no-pager -n 30").stdout
    return str(done.stdout)
