# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS of both policies, judged by testssl.sh and sslyze, and seen by the clients that it is for."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, Client

testinfra_hosts = ["ansible://edge"]

SCENARIO = Path(__file__).parents[1]
SSLYZE = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / ".cache" / "analysers" / "bin" / "sslyze"
GUIDELINE = json.loads((SCENARIO / "guideline.json").read_text(encoding="utf-8"))
TESTSSL_SECONDS = 900.0


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    client = Client("audit-client", timeout=TESTSSL_SECONDS)
    listener = tmp_path_factory.mktemp("acme") / "listener.pem"
    subprocess.run(["docker", "cp", "audit-acme:/srv/acme/ca.pem", str(listener)], check=True)
    subprocess.run(["docker", "cp", str(listener), "audit-client:/tmp/listener.pem"], check=True)
    client.trust("https://acme.test:15000/roots/0", "/tmp/listener.pem")
    own = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "ca.pem").read_text(encoding="utf-8")
    client.run("sh", "-c", 'printf %s "$1" >> "$2"', "sh", own, AUTHORITY)
    return client


@pytest.fixture
def variables(host: Any) -> dict[str, Any]:
    return dict(host.ansible.get_variables())


@pytest.fixture
def name(variables: dict[str, Any]) -> str:
    return str(variables["server_name"])


@pytest.fixture
def policy(variables: dict[str, Any]) -> str:
    return str(variables["edge_tls_policy"])


def openssl_version(host: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", host.run("openssl version").stdout)[:2])


@pytest.fixture
def sslyze(client: Client, policy: str, tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Scans a target (``name:port{address}``) and compares it with the guideline."""
    wanted, root = tmp_path / "wanted.json", tmp_path / "root.pem"
    wanted.write_text(json.dumps(GUIDELINE[policy]), encoding="utf-8")
    root.write_text(client.run("cat", AUTHORITY), encoding="utf-8")

    def scan(target: str) -> subprocess.CompletedProcess[str]:
        argv = [str(SSLYZE), "--custom_tls_config", str(wanted), "--certinfo_ca_file", str(root), target]
        return subprocess.run(
            argv, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, "NO_PROXY": "*"}
        )

    return scan


def is_compliant(done: subprocess.CompletedProcess[str], name: str) -> bool:
    """sslyze succeeds where it could not connect: only its word counts, that this server is compliant."""
    return done.returncode == 0 and re.search(rf"{re.escape(name)}:\d+: OK - Compliant", done.stdout) is not None


@pytest.mark.feature("TLS termination")
def test_sslyze_finds_the_guideline_kept(
    sslyze: Callable[[str], subprocess.CompletedProcess[str]],
    name: str,
    variables: dict[str, Any],
    policy: str,
    record_property: Callable[[str, object], None],
) -> None:
    done = sslyze(f"{name}:443{{{variables['server_address']}}}")
    assert is_compliant(done, name), done.stdout + done.stderr
    record_property("note", f"sslyze, guideline 6.0 {policy}: {name} is compliant")


def test_sslyze_fails_where_nothing_answers(
    sslyze: Callable[[str], subprocess.CompletedProcess[str]], name: str, variables: dict[str, Any]
) -> None:
    done = sslyze(f"{name}:444{{{variables['server_address']}}}")
    assert not is_compliant(done, name), done.stdout
    assert "rejected the connection" in done.stdout


def test_sslyze_sees_a_broken_guideline(
    sslyze: Callable[[str], subprocess.CompletedProcess[str]],
    tmp_path: Path,
    name: str,
    variables: dict[str, Any],
    policy: str,
) -> None:
    stricter = {**GUIDELINE[policy], "tls_curves": ["prime256v1"]}
    (tmp_path / "wanted.json").write_text(json.dumps(stricter), encoding="utf-8")
    done = sslyze(f"{name}:443{{{variables['server_address']}}}")
    assert not is_compliant(done, name), done.stdout
    assert "tls_curves: TLS curves" in done.stdout


def sites_to_grade() -> dict[str, dict[str, str]]:
    """Name -> variables of the sites whose grade is promised: those of Debian 13 that this run has."""
    hosts = [path for path in sorted((SCENARIO / "host_vars").glob("*trixie*.yml")) if path.stem in edges()]
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in hosts]
    return {variables["server_name"]: variables for variables in found}


TO_GRADE = sites_to_grade()


@dataclass
class Graded:
    """A full run of testssl.sh that goes on beside the other tests, and its report in the client."""

    process: subprocess.Popen[str]
    report: str


@pytest.fixture(scope="session", autouse=True)
def graded(client: Client) -> Iterator[dict[str, Graded]]:
    """Name of a site -> its run, all started at once."""
    runs: dict[str, Graded] = {}
    for name, variables in TO_GRADE.items():
        report = f"/tmp/testssl-{name}.json"
        client.run("rm", "-f", report)
        argv = ["docker", "exec", client.container, "testssl", "--quiet", "--color", "0", "--warnings", "batch"]
        argv += ["--nodns", "min", "--add-CA", AUTHORITY, "--ip", variables["server_address"]]
        process = subprocess.Popen(
            [*argv, "--jsonfile", report, name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        runs[name] = Graded(process, report)
    yield runs
    for run in runs.values():
        run.process.kill()
        run.process.wait()


@pytest.mark.feature("TLS termination")
def test_key_exchange_is_post_quantum_where_openssl_can(host: Any, client: Client, name: str) -> None:
    told = client.attempt(
        *("openssl", "s_client", "-connect", f"{name}:443", "-servername", name, "-CAfile", AUTHORITY),
        *("-verify_return_error", "-brief"),
    ).stderr
    assert "Verification: OK" in told, told
    if openssl_version(host) >= (3, 5):
        assert "Negotiated TLS1.3 group: X25519MLKEM768" in told, told
    else:
        assert "X25519MLKEM768" not in told
        assert re.search(r"X25519", told), told


@pytest.mark.feature("HTTP/2")
def test_http_versions_with_the_issued_certificate(host: Any, client: Client, name: str) -> None:
    url = f"https://{name}/"
    versions = ["HTTP/1.1", "HTTP/2"]
    options = {"HTTP/1.1": "--http1.1", "HTTP/2": "--http2", "HTTP/3": "--http3-only"}
    if "--with-http_v3_module" in host.run("nginx -V").stderr:
        versions.append("HTTP/3")
    for version in versions:
        answer = client.get(url, options[version])
        assert (answer.version, answer.status) == (version, 200)
        assert answer.body.startswith("served by audit-")


@pytest.mark.feature("TLS termination")
def test_what_a_client_may_not_have(client: Client, name: str, policy: str) -> None:
    """Old versions, tickets of TLS 1.2, 0-RTT; HSTS as old as the guideline wants, preload only when asked for."""

    def connect(*options: str) -> str:
        done = client.attempt("openssl", "s_client", "-connect", f"{name}:443", "-servername", name, *options)
        return done.stdout + done.stderr

    assert "Cipher is (NONE)" in connect("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    older = connect("-tls1_2")
    assert ("Cipher is (NONE)" in older) == (policy == "modern"), older
    assert "TLS session ticket:" not in older
    # A server that takes 0-RTT says how much of it in the tickets that come with its first answer.
    ask = f"printf 'GET / HTTP/1.1\\r\\nHost: {name}\\r\\nConnection: close\\r\\n\\r\\n'"
    answered = client.run(
        "sh", "-c", f"{ask} | openssl s_client -connect {name}:443 -servername {name} -tls1_3 -ign_eof 2>&1"
    )
    assert "HTTP/1.1 200" in answered
    tickets = re.findall(r"Max Early Data: (\d+)", answered)
    assert set(tickets) <= {"0"}
    assert tickets or policy == "modern"  # which keeps no sessions, and so gives no tickets
    assert client.get(f"https://{name}/").headers["strict-transport-security"] == "max-age=63072000"
    for port in (8090, 9113):  # nginx's status and the exporter's metrics
        assert client.attempt("curl", "-sS", "--max-time", "2", f"http://{name}:{port}/").returncode == 7
    # A handshake for a name that no site has is refused before any certificate is shown.
    refused = client.attempt("openssl", "s_client", "-connect", f"{name}:443", "-servername", "nobody.test")
    assert "unrecognized name" in refused.stderr
    assert "BEGIN CERTIFICATE" not in refused.stdout


@pytest.mark.parametrize("site", TO_GRADE)
def test_testssl_gives_the_best_grade(
    client: Client, site: str, graded: dict[str, Graded], record_property: Callable[[str, object], None]
) -> None:
    """At the end, for the runs take longer than all other tests."""
    printed = graded[site].process.communicate(timeout=TESTSSL_SECONDS)[0]
    found = json.loads(client.run("cat", graded[site].report))
    grades = [one["finding"] for one in found if one["id"] == "overall_grade"]
    assert grades == ["A+"], printed[-3000:]
    bad = {one["id"]: one["finding"] for one in found if one["severity"] in {"LOW", "MEDIUM", "HIGH", "CRITICAL"}}
    # Certificates of the ACME server for tests name no revocation list.
    assert not bad.keys() - {"cert_revocation"}, bad
    record_property("note", f"testssl.sh, full run, {TO_GRADE[site]['edge_tls_policy']}: {site} has {grades[0]}")
