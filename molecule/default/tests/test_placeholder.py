# SPDX-License-Identifier: GPL-3.0-or-later
"""A run while the authority is down: what it reports about a new certificate, and what it does nevertheless."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import run_site
from ansible_collections.hardened.nginx_edge.tools.traffic import Client

NAME = "new.test"
ACME = Client("edge-acme")
EXPORTER = "prometheus-nginx-exporter.service"


@pytest.mark.case("G10")
@pytest.mark.parametrize("edge", edges())
def test_a_placeholder_is_reported_and_monitoring_is_set_up(tmp_path: Path, edge: str) -> None:
    sites = tmp_path / "sites.d"
    sites.mkdir()
    site = {"name": NAME, "locations": [{"path": "/", "return": {"status": 200, "text": "served"}}]}
    (sites / f"{NAME}.yml").write_text(yaml.safe_dump(site), encoding="utf-8")
    host = Client(edge)
    host.run("systemctl", "stop", EXPORTER)
    ACME.run("systemctl", "stop", "pebble")
    try:
        run = run_site("--limit", edge, variables={"edge_sites_dir": str(sites)}, folder=tmp_path)
        assert run.code != 0, run
        assert f"{NAME}: serves a placeholder, because its certificate was not issued" in run.summary[edge]
        assert f"({NAME})" in run.failures[edge]
        assert "1/2 sites healthy" in run.summary[edge]
        assert host.run("systemctl", "is-active", EXPORTER) == "active\n"
    finally:
        ACME.run("systemctl", "start", "pebble")
        restored = run_site("--limit", edge, variables={}, folder=tmp_path)
    assert restored.code == 0, restored
