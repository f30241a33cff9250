# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode on every system: what would change, whether nginx accepts it, and nothing that has changed."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import SUITES, Edge
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run, run_site
from ansible_collections.hardened.nginx_edge.tools.traffic import Client

LIVE = ("readlink", "/etc/nginx/nginx.conf")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, str]]:
    """A check of a changed model, and what was live on each host before it."""
    before = {f"feature-{suite}": Client(f"feature-{suite}").run(*LIVE) for suite in SUITES}
    run = run_site("--check", variables={"edge_send_timeout": "61s"}, folder=tmp_path_factory.mktemp("preview"))
    return run, before


@pytest.mark.case("G6")
def test_check_mode_ends_with_a_preview(edge: Edge, checked: tuple[Run, dict[str, str]]) -> None:
    run, before = checked
    name = edge.host.container
    assert run.code == 0, run
    planned = run.report["hosts"][name]["generation"]["planned"]
    assert f"would deploy generation {planned}" in run.summary[name]
    assert "nginx accepts it" in run.summary[name]
    assert planned not in before[name]
    assert edge.host.run(*LIVE) == before[name]
