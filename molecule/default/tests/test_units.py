# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that are not as a run left them: a run that was interrupted, settings that are gone, a masked unit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run, run_site
from ansible_collections.hardened.nginx_edge.tools.traffic import Client

NGINX, EXPORTER, TIMERS = (
    "nginx.service",
    "prometheus-nginx-exporter.service",
    ("nginx-edge-metrics.timer", "nginx-edge-certbot.timer"),
)
SERVICES = ("nginx-edge-metrics.service", "nginx-edge-check.service", "nginx-edge-certbot.service")
STORES = ("/etc/nginx/tls/.issued", "/etc/nginx/tls/.pairs")
SETTINGS = "/etc/default/prometheus-nginx-exporter"
DROP_IN = f"/etc/systemd/system/{NGINX}.d/50-hardened.conf"
METRICS = "/var/lib/prometheus/node-exporter"
WRITTEN = f"""
set -e
sed -i 's/127.0.0.1:9113/127.0.0.1:9114/' {SETTINGS}
cd /etc/systemd/system
touch {DROP_IN} {" ".join(TIMERS + SERVICES)}
chmod 755 {" ".join(STORES)}
"""
"""What such a run leaves behind; of the units, only the times change. And directories of keys that anyone may read."""
RESPONSE = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:9114/metrics', timeout=10).read().decode())"


@pytest.fixture(scope="module", params=edges())
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An edge that has its own settings again afterwards."""
    yield Client(request.param)
    restored = run_site("--limit", request.param, variables={}, folder=tmp_path_factory.mktemp("restored"))
    assert restored.code == 0, restored


def moved(host: Client, folder: Path, *options: str) -> Run:
    """A run that wants the exporter on another port."""
    variables = {"exporter_listen_address": "127.0.0.1:9114"}
    return run_site("--limit", host.container, *options, variables=variables, folder=folder)


def read(host: Client, unit: str, name: str) -> str:
    return host.run("systemctl", "show", "--value", f"--property={name}", unit).strip()


def start(host: Client, unit: str) -> int:
    """When a unit was started, in microseconds since the boot."""
    return int(read(host, unit, "InactiveExitTimestampMonotonic"))


def test_the_units_of_an_interrupted_run_are_restarted(host: Client, tmp_path: Path) -> None:
    before = {unit: start(host, unit) for unit in (NGINX, EXPORTER, *TIMERS)}
    host.run("sh", "-c", WRITTEN)
    predicted = moved(host, tmp_path, "--check")
    assert (predicted.code, predicted.changed[host.container] > 0) == (0, True), predicted
    assert {unit: start(host, unit) for unit in before} == before
    run = moved(host, tmp_path)
    assert (run.code, run.changed[host.container] > 0) == (0, True), run
    assert {unit for unit, time in before.items() if start(host, unit) > time} == set(before)
    assert {read(host, unit, "NeedDaemonReload") for unit in (*before, *SERVICES)} == {"no"}
    assert host.run("stat", "-c", "%a", *STORES).split() == ["700", "700"]
    assert "nginx_up 1" in host.run("python3", "-c", RESPONSE)
    again = moved(host, tmp_path)
    assert (again.code, again.changed[host.container]) == (0, 0), again


def test_an_nginx_that_systemd_restarted_meanwhile_is_restarted(host: Client, tmp_path: Path) -> None:
    """systemd started it with the settings that it had read before the file was written."""
    killed = read(host, NGINX, "MainPID")
    host.run("touch", DROP_IN)
    host.run("kill", "-KILL", killed)
    until = f"until systemctl is-active -q {NGINX} && ! test -e /proc/{killed}; do sleep 0.1; done"
    host.run("timeout", "30", "bash", "-c", until)
    assert read(host, NGINX, "NeedDaemonReload") == "yes"
    before = start(host, NGINX)
    run = moved(host, tmp_path)
    assert (run.code, run.changed[host.container] > 0) == (0, True), run
    assert start(host, NGINX) > before
    assert read(host, NGINX, "NeedDaemonReload") == "no"


def test_metrics_end_where_they_are_not_wanted(host: Client, tmp_path: Path) -> None:
    assert "nginx_edge.prom" in host.run("ls", METRICS)
    options = {"exporter_textfiles": ""}
    run = run_site("--limit", host.container, variables=options, folder=tmp_path)
    assert (run.code, run.changed[host.container] > 0) == (0, True), run
    assert "nginx_edge" not in host.run("ls", METRICS)
    assert "nginx-edge-metrics" not in host.run("systemctl", "list-units", "--all", "--plain", "--no-legend")
    again = run_site("--limit", host.container, variables=options, folder=tmp_path)
    assert (again.code, again.changed[host.container]) == (0, 0), again


def test_a_masked_exporter_is_reported(host: Client, tmp_path: Path) -> None:
    host.run("systemctl", "mask", "--now", EXPORTER)
    try:
        run = run_site("--limit", host.container, variables={}, folder=tmp_path)
    finally:
        host.run("systemctl", "unmask", EXPORTER)
    assert run.code != 0, run
    assert f"{EXPORTER} is masked" in run.failures[host.container]
    assert f"systemctl unmask {EXPORTER}" in run.failures[host.container]
