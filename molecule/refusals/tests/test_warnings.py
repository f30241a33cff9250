# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings are printed once, at the end of a run, for all hosts; in check mode too, and by every run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.refusals.tests.cases import API, EDGES, FIXED, TRIXIE, sites
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import MODEL_ALONE, Run, run_site

ALONE = [{"name": "api", "servers": [{"address": "10.213.79.20:3001", "max_fails": 3}]}]
# The pair is self-signed, so there is no issuer whose answer nginx could staple.
STAPLING = {"edge_sites": sites(API, FIXED, extra_directives="ssl_stapling on;")}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Run, Run]]:
    """In check mode, for real, and once more."""
    folder: Path = tmp_path_factory.mktemp("edge_warnings")
    inventory = folder / "inventory.yml"
    inventory.write_text(json.dumps({"edge": {"hosts": {TRIXIE: STAPLING}}}), encoding="utf-8")

    def run(*options: str) -> Run:
        asked = (*MODEL_ALONE, *options)
        return run_site(*asked, variables={"edge_upstreams": ALONE}, folder=folder, inventories=[inventory])

    yield run("--check"), run(), run()
    assert run_site(*MODEL_ALONE, variables={}, folder=folder).code == 0


def test_it_is_told_once_at_the_end(runs: tuple[Run, Run, Run]) -> None:
    for run in runs:
        assert run.code == 0, run
        (told,) = run.warnings
        alone, stapling = sorted(told, key=lambda line: "ssl_stapling" in line)
        who = f"all {len(EDGES)} hosts" if len(EDGES) > 1 else TRIXIE
        assert alone == (
            f"{who}: edge_upstreams[0] (api).servers[0].max_fails: nginx ignores it where an upstream has one server"
        )
        assert stapling.startswith(f"{TRIXIE}: ")
        assert "nginx says: " in stapling
        assert '"ssl_stapling" ignored, issuer certificate not found' in stapling


@pytest.mark.parametrize("edge", EDGES)
def test_telling_it_changes_nothing(runs: tuple[Run, Run, Run], edge: str) -> None:
    _checked, _made, again = runs
    assert again.changed[edge] == 0, again


def test_nothing_is_told_where_there_is_none(tmp_path: Path) -> None:
    run = run_site("--check", variables={}, folder=tmp_path)
    assert (run.code, run.warnings) == (0, []), run
