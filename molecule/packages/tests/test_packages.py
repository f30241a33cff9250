# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx from a repository in nginx.org's layout and from the distribution, and that all around it works with both."""

from __future__ import annotations

import os
import re
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.molecule.shared.logs import logged
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run, run_site
from ansible_collections.hardened.nginx_edge.tools.markdown import blocks
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, Client, Response

CLIENT = Client("package-client")
GUIDE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "nginx-org.md"


@dataclass(frozen=True)
class Edge:
    """An edge and what it has to have."""

    container: str
    name: str
    address: str
    version_file: str
    user: str
    module: str

    @property
    def version(self) -> str:
        """The pinned version, which the preparation read from the repository or the package lists."""
        return Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], self.version_file).read_text(encoding="utf-8")

    @property
    def host(self) -> Client:
        return Client(self.container)

    def get(self, path: str, *options: str) -> Response:
        lead = ("--connect-to", f"{self.name}:443:{self.address}:443", *options)
        if "--http3-only" in options:
            lead = ("--resolve", f"{self.name}:443:{self.address}", *options)
        return CLIENT.get(f"https://{self.name}{path}", *lead)


NGINX_ORG = Edge("package-nginx-org", "nginx-org.test", "10.213.82.13", "version", "nginx", "ngx_http_geoip_module")
DISTRIBUTION = Edge(
    "package-bookworm",
    "bookworm.test",
    "10.213.82.12",
    "distribution-version",
    "www-data",
    "ngx_http_headers_more_filter_module",
)


@pytest.fixture(scope="session", autouse=True)
def trust() -> None:
    """The client trusts the certificates that the edges have."""
    served = "".join(
        edge.host.run("sh", "-c", "cat /etc/nginx/tls/*/fullchain.pem") for edge in (NGINX_ORG, DISTRIBUTION)
    )
    CLIENT.run("sh", "-c", f"cat > {AUTHORITY} <<'EOF'\n{served}\nEOF")


@pytest.fixture(params=(NGINX_ORG, DISTRIBUTION), ids=("trixie-nginx-org", "bookworm-distribution"))
def edge(request: pytest.FixtureRequest) -> Edge:
    found: Edge = request.param
    return found


def test_the_pinned_version_is_installed_and_held(edge: Edge) -> None:
    policy = edge.host.run("apt-cache", "policy", "nginx")
    installed, candidate = re.findall(r"(?:Installed|Candidate): (\S+)", policy)
    assert installed == candidate
    pinned = f"{edge.version}-1~" if edge is NGINX_ORG else edge.version
    assert installed.startswith(pinned)
    assert re.search(rf"\*\*\* {re.escape(installed)} 1001\n", policy)


@pytest.mark.case("G14")
def test_a_host_installs_from_deb822_sources(edge: Edge) -> None:
    """Like official images since Debian 12, this host has no sources.list."""
    assert edge.host.attempt("ls", "/etc/apt/sources.list").returncode != 0
    assert "URIs: " in edge.host.run("cat", "/etc/apt/sources.list.d/debian.sources")


@pytest.mark.case("E9")
@pytest.mark.parametrize("distribution", [DISTRIBUTION], ids=["bookworm"])
def test_the_package_is_installed_on_a_kernel_without_ipv6(distribution: Edge) -> None:
    program = "import socket; socket.socket(socket.AF_INET6)"
    refused = distribution.host.attempt("python3", "-c", program).stderr
    assert "Address family not supported by protocol" in refused
    assert distribution.get("/fixed").status == 200
    assert distribution.host.run("dpkg-query", "--show", "--showformat", "${db:Status-Status}", "nginx") == "installed"


def test_no_other_nginx_takes_the_place_of_nginx_org() -> None:
    policy = NGINX_ORG.host.run("apt-cache", "policy", "nginx", "nginx-common", "libnginx-mod-stream")
    versions = dict(re.findall(r"^ {5}(\S+) (-?\d+)$", policy, re.MULTILINE))
    assert {version: priority for version, priority in versions.items() if priority != "-1"} == {}
    assert any("~trixie" not in version for version in versions), policy


def test_workers_have_the_account_of_the_package(edge: Edge) -> None:
    workers = edge.host.run("sh", "-c", "ps -o user= --ppid $(cat /run/nginx.pid)")
    assert set(workers.split()) == {edge.user}


@pytest.mark.feature("packages")
def test_requests_are_proxied(edge: Edge) -> None:
    assert edge.get("/keys/fingerprint").body == Client("package-repository").run(
        "cat", "/srv/repository/keys/fingerprint"
    )


def test_http3_is_there_with_nginx_org_alone() -> None:
    assert NGINX_ORG.get("/fixed", "--http3-only").version == "HTTP/3"
    assert "alt-svc" in NGINX_ORG.get("/fixed").headers
    assert "alt-svc" not in DISTRIBUTION.get("/fixed").headers


def test_a_module_is_installed_and_loaded(edge: Edge) -> None:
    assert f"/{edge.module}.so" in edge.host.run("sh", "-c", "cat /proc/$(cat /run/nginx.pid)/maps")


def test_a_module_does_its_work() -> None:
    assert DISTRIBUTION.get("/fixed").headers["x-more"] == "yes"
    assert "x-more" not in NGINX_ORG.get("/fixed").headers


@pytest.mark.parametrize(("accepted", "sent"), [("br, gzip", "br"), ("gzip", "gzip")])
def test_a_module_compresses_with_brotli(accepted: str, sent: str) -> None:
    lead = ("--connect-to", f"{DISTRIBUTION.name}:443:{DISTRIBUTION.address}:443")
    options = ("-H", f"Accept-Encoding: {accepted}", "-o", "/dev/null", "--dump-header", "-")
    printed = CLIENT.curl(*lead, *options, f"https://{DISTRIBUTION.name}/long").lower()
    assert {f"content-encoding: {sent}", "vary: accept-encoding"} <= set(printed.splitlines())


def test_nginx_is_sandboxed(edge: Edge) -> None:
    exposure = edge.host.run("systemd-analyze", "security", "--no-pager", "nginx.service").splitlines()[-1]
    # 0.1 of it is sched_setaffinity, with which nginx binds its workers to cores.
    assert float(re.findall(r"\d+\.\d+", exposure)[0]) <= 2.5, exposure


def test_logs_are_rotated_and_written_again(edge: Edge) -> None:
    before, behind = (f"/{when}-{time.time_ns()}" for when in ("before", "behind"))
    edge.get(before)
    logged(edge.host, before)
    edge.host.run("logrotate", "--force", "/etc/logrotate.d/nginx")
    edge.get(behind)
    logged(edge.host, behind)
    assert before not in edge.host.run("cat", "/var/log/nginx/access.log")
    assert edge.host.run("stat", "-c", "%U:%G %a", "/var/log/nginx/access.log") == f"{edge.user}:adm 640\n"


def test_a_host_is_not_moved_to_another_repository(tmp_path: Path) -> None:
    run = run_site(variables={"swapped": True}, folder=tmp_path)
    for edge, has, wanted in (
        (NGINX_ORG, "nginx_org", "distribution"),
        (DISTRIBUTION, "distribution", "nginx_org"),
    ):
        assert f"has nginx from {has}, and nginx_repository is {wanted}" in run.failures[edge.container]
        assert run.changed[edge.container] == 0, run


def refused(folder: Path, **variables: object) -> Run:
    run = run_site("--limit", NGINX_ORG.container, variables=variables, folder=folder)
    assert run.code != 0, run
    return run


def test_a_key_with_another_fingerprint_is_refused(tmp_path: Path) -> None:
    run = refused(tmp_path, nginx_repository_key_fingerprints=["573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62"])
    assert "is not a trusted signing key of the repository" in run.failures[NGINX_ORG.container]
    assert run.changed[NGINX_ORG.container] == 0, run


@pytest.mark.case("G7")
def test_a_sandbox_that_systemd_rejects_is_reported_with_its_reason(tmp_path: Path, edge: Edge) -> None:
    """systemd does not load the unit of the test, so nginx writes no journal."""
    master = edge.host.run("cat", "/run/nginx.pid")
    options = {"nginx_service_options": ["ExecStart="]}  # a unit without a command
    run = run_site("--limit", edge.container, variables=options, folder=tmp_path)
    told = run.failures[edge.container]
    assert told.startswith("nginx would not start in the sandbox. Nothing was changed, and nginx keeps running."), told
    assert "bad unit file setting" in told
    assert "non-zero return code" not in told
    assert edge.host.run("cat", "/run/nginx.pid") == master
    assert edge.get("/fixed").status == 200


def test_an_nginx_that_does_not_start_is_reported_with_its_journal(tmp_path: Path, edge: Edge) -> None:
    edge.host.run("systemctl", "stop", "nginx.service")
    other = edge.host.start("python3", "-m", "http.server", "443")
    try:
        run = run_site("--limit", edge.container, variables={}, folder=tmp_path)
        told = run.failures[edge.container]
        assert told.startswith("nginx did not start. Its journal says: "), told
        assert "bind() to 0.0.0.0:443 failed (98: Address already in use)" in told
    finally:
        edge.host.run("kill", other)
        restored = run_site("--limit", edge.container, variables={}, folder=tmp_path)
    assert restored.code == 0, restored
    assert edge.get("/fixed").status == 200


def test_a_reload_by_a_plain_hup_is_proven(tmp_path: Path) -> None:
    run = run_site("--limit", NGINX_ORG.container, variables={"fixed_text": "changed"}, folder=tmp_path)
    assert run.code == 0, run
    assert NGINX_ORG.get("/fixed").body == "changed"


def test_a_test_of_the_configuration_has_the_limits_of_the_service(tmp_path: Path) -> None:
    NGINX_ORG.host.run("truncate", "--size=0", "/var/log/nginx/error.log")
    run = run_site("--limit", NGINX_ORG.container, variables={"fixed_text": "tested"}, folder=tmp_path)
    assert run.code == 0, run
    assert run.changed[NGINX_ORG.container] > 0, run
    assert "open file resource limit" not in NGINX_ORG.host.run("cat", "/var/log/nginx/error.log")


def test_a_lower_limit_of_open_files_is_reported(tmp_path: Path) -> None:
    run = run_site("--check", variables={}, folder=tmp_path)
    assert run.code == 0, run
    (lines,) = run.warnings
    assert any(line.startswith(f"{DISTRIBUTION.container}: nginx may hold 4096 open files") for line in lines), lines


def test_a_reload_that_nginx_refuses_is_undone(tmp_path: Path) -> None:
    before = NGINX_ORG.get("/fixed").body
    variables = {"zone_key": "$server_name", "fixed_text": "never served", "edge_reload_timeout": 5}
    run = refused(tmp_path, **variables)
    assert 'uses the "$server_name" key' in run.failures[NGINX_ORG.container]
    assert NGINX_ORG.get("/fixed").body == before


def test_the_command_on_the_edge_goes_back(tmp_path: Path) -> None:
    before, text = NGINX_ORG.get("/fixed").body, f"made at {time.time_ns()}"
    run = run_site("--limit", NGINX_ORG.container, variables={"fixed_text": text}, folder=tmp_path)
    assert (run.code, NGINX_ORG.get("/fixed").body) == (0, text), run
    assert "live, running, answers" in NGINX_ORG.host.run("nginx-edge")
    NGINX_ORG.host.run("nginx-edge", "rollback", "--check")
    assert NGINX_ORG.get("/fixed").body == text
    NGINX_ORG.host.run("nginx-edge", "rollback")
    assert NGINX_ORG.get("/fixed").body == before
    refused = NGINX_ORG.host.attempt("nginx-edge", "rollback", "nowhere")
    assert refused.returncode == 1
    assert refused.stderr.startswith("nginx-edge: there is no generation nowhere on this host\n")


def test_the_guide_changes_the_source_of_an_edge(tmp_path: Path) -> None:
    """From nginx.org's packages to the distribution's and back, with the commands and the variables of the page."""
    page = list(blocks(GUIDE.read_text(encoding="utf-8")))
    (variables,) = (yaml.safe_load(block.content) for block in page if block.path)
    removals = [block.content for block in page if block.content.startswith("apt-get remove")]
    folder = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])  # like a repository: the inventory is a directory in it
    key = folder / variables["nginx_repository_key"]
    key.parent.mkdir(exist_ok=True)
    shutil.copy(folder / "nginx_signing.key", key)
    debian = {"swapped": True, "nginx_package_version": "", "nginx_modules": ["http-geoip"]}
    for removal, chosen, worker in (
        (removals[1], debian, DISTRIBUTION.user),
        (removals[0], variables, NGINX_ORG.user),
    ):
        NGINX_ORG.host.run("sh", "-c", removal)
        run = run_site("--limit", NGINX_ORG.container, variables=chosen, folder=tmp_path)
        assert run.code == 0, run
        assert NGINX_ORG.get("/fixed").status == 200
        test_workers_have_the_account_of_the_package(replace(NGINX_ORG, user=worker))
    test_http3_is_there_with_nginx_org_alone()
