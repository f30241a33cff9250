# SPDX-License-Identifier: GPL-3.0-or-later
"""A site is removed: its certificate is still renewed for some days, without an alert, and then it is removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import (
    BASE,
    OWN,
    Edge,
    lead,
    run,
    settle,
    site,
    start_renewal,
)
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run

pytestmark = pytest.mark.feature("certificates")

RECORD = "/var/lib/nginx-edge/unused.json"
MONTH = 31 * 86400
LONG_AGO = (
    "import json, pathlib; p = pathlib.Path('{record}'); r = json.loads(p.read_text());"
    " r['since'] = {{name: when - {seconds} for name, when in r['since'].items()}}; p.write_text(json.dumps(r))"
)


def gone(edge: Edge) -> str:
    return f"first.{edge.name}"


def there(edge: Edge, path: str) -> bool:
    return edge.host.attempt("test", "-e", path.format(name=gone(edge))).returncode == 0


@pytest.fixture(scope="module")
def removed(edges: list[Edge], folder: Path) -> Iterator[Run]:
    """A site comes, and goes again; its name leads elsewhere then."""
    settle(edges, folder)
    with_it = run(folder, edge_sites=[BASE, site(f"first.{OWN}")])
    assert with_it.code == 0, with_it
    outcome = run(folder)
    for edge in edges:
        lead("10.213.83.40", gone(edge))
    yield outcome
    for edge in edges:
        lead(edge.address, gone(edge))
    assert run(folder).code == 0


@pytest.fixture(scope="module")
def failed(removed: Run, edges: list[Edge]) -> dict[str, str]:
    """A renewal of the removed site's certificate, which fails."""
    assert removed.code == 0, removed
    states = {}
    for edge in edges:
        edge.make_due(gone(edge))
        states[edge.suite] = start_renewal(edge)
        edge.not_due(gone(edge))
    return states


@pytest.fixture(scope="module")
def over(failed: dict[str, str], edges: list[Edge], folder: Path) -> tuple[Run, Run]:
    """A month later: a run in check mode, and one without."""
    assert failed
    for edge in edges:
        edge.host.run("python3", "-c", LONG_AGO.format(record=RECORD, seconds=MONTH))
    return run(folder, "--check", "--diff"), run(folder)


def test_the_run_that_removes_a_site_says_what_follows(edge: Edge, removed: Run) -> None:
    told = json.dumps(removed.warnings)
    assert f"certificate {gone(edge)}: no longer in use; certbot renews it until 20" in told


def test_a_failure_does_not_count(edge: Edge, failed: dict[str, str]) -> None:
    assert failed[edge.suite] == "inactive"
    assert f"{gone(edge)}: not in use since 20" in edge.shell("nginx-edge certificates")
    metrics = edge.shell("nginx-edge metrics")
    assert "nginx_edge_renewal_succeeded 1" in metrics
    assert f'certificate="{gone(edge)}"' not in metrics


def test_its_lineage_is_removed_after_some_days(edge: Edge, over: tuple[Run, Run]) -> None:
    checked, done = over
    assert (checked.code, done.code) == (0, 0), done
    assert f"certificate {gone(edge)}: not in use since 20" in json.dumps(checked.warnings)
    assert "so its certbot lineage would be removed" in json.dumps(checked.warnings)
    assert f"certificate {gone(edge)}: not in use since 20" in json.dumps(done.warnings)
    assert "so its certbot lineage was removed" in json.dumps(done.warnings)
    assert not there(edge, "/etc/letsencrypt/live/{name}")
    assert not there(edge, "/etc/letsencrypt/renewal/{name}.conf")


def test_a_rollback_works_and_the_next_renewal_too(edge: Edge, over: tuple[Run, Run]) -> None:
    assert over
    assert there(edge, "/etc/nginx/tls/{name}/fullchain.pem")
    assert start_renewal(edge) == "inactive"
    edge.shell("nginx-edge rollback")
    shown = edge.served(gone(edge))
    assert shown is not None
    assert gone(edge) in shown.names
