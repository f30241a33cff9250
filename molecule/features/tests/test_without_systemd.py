# SPDX-License-Identifier: GPL-3.0-or-later
"""An edge in a plain container: nginx is started and restarted directly, certificates are issued and renewed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run, run_site
from ansible_collections.hardened.nginx_edge.tools.traffic import Client

ADDRESS, NAME = "10.213.80.14", "closed.forky.test"
EDGE, CLIENT = Client("feature-forky"), Client("feature-client")
RENEWAL = "certbot renew --no-random-sleep-on-renew --force-renewal && nginx-edge take-over"


def master() -> str:
    return EDGE.run("cat", "/run/nginx.pid").strip()


def answer_at_8099(client: Client, address: str) -> str:
    """Status code of the answer there; 000 without one."""
    asked = ("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "5", f"http://{address}:8099/")
    return client.attempt(*asked).stdout


def run_listening(listen: str, folder: Path, **variables: object) -> Run:
    """A run that gives the edge one more server."""
    directives = f"server {{\n    listen {listen};\n    return 204;\n}}\n"
    return run_site(
        "--limit", "feature-forky", variables={"edge_extra_directives": directives, **variables}, folder=folder
    )


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that finds nginx stopped."""
    EDGE.run("nginx", "-s", "stop")
    return run_listening("127.0.0.1:8099", tmp_path_factory.mktemp("controller"))


def test_a_run_starts_nginx(started: Run) -> None:
    assert started.code == 0, started
    assert (answer_at_8099(EDGE, "127.0.0.1"), answer_at_8099(CLIENT, ADDRESS)) == ("204", "000")


def test_a_restart_moves_a_listener(started: Run, tmp_path: Path) -> None:
    before = master()
    moved = run_listening("8099", tmp_path, edge_allow_restart=True)
    assert (started.code, moved.code) == (0, 0), moved
    assert answer_at_8099(CLIENT, ADDRESS) == "204"
    assert master() != before


def served_serial() -> str:
    asked = f"openssl s_client -connect {ADDRESS}:443 -servername {NAME} </dev/null 2>/dev/null"
    return CLIENT.run("sh", "-c", f"{asked} | openssl x509 -noout -serial").strip()


def test_a_certificate_is_issued_and_renewed_by_hand() -> None:
    before = served_serial()
    on_disk = ("openssl", "x509", "-noout", "-serial", "-in", f"/etc/letsencrypt/live/{NAME}/fullchain.pem")
    assert EDGE.run(*on_disk).strip() == before
    EDGE.run("sh", "-c", f"REQUESTS_CA_BUNDLE=/etc/ssl/acme.pem {RENEWAL}")
    assert served_serial() == EDGE.run(*on_disk).strip() != before


def test_nothing_is_written_for_systemd() -> None:
    assert EDGE.run("find", "/etc/systemd/system", "-name", "*nginx*", "-path", "*hardened*") == ""
    assert EDGE.run("find", "/etc/systemd/system", "-name", "nginx-edge-*") == ""
