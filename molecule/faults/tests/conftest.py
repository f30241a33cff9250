# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault is injected into every edge, and none may leave an edge that the next test would not start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import EDGES, MEASURED, Edge, on_all
from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import record
from ansible_collections.hardened.nginx_edge.tools.reliability import Measured, measured_row
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, Client


@pytest.fixture(scope="session", autouse=True)
def prepared() -> None:
    """The injector stands on every edge, and the client trusts their certificates."""
    on_all(Edge.install_injector)
    served = "".join(edge.sh("cat /etc/nginx/tls/*/fullchain.pem") for edge in EDGES)
    Client("faults-client").run("sh", "-c", f"cat > {AUTHORITY} <<'EOF'\n{served}\nEOF")


@pytest.fixture(params=EDGES, ids=lambda edge: edge.system)
def edge(request: pytest.FixtureRequest) -> Iterator[Edge]:
    """Two proven generations, of which the second, ``good``, serves. Afterwards what is live was proven, and serves."""
    found: Edge = request.param
    before = found.state()
    if not (before.settled and before.served == "good" and before.back is not None):
        for text in ("older", "good"):
            done = found.change(text)
            assert done.code == 0, done
    yield found
    assert found.settled().settled, found.state()


@pytest.fixture
def row(request: pytest.FixtureRequest, edge: Edge) -> Callable[..., None]:
    """Put a row into the matrix, with what the test has measured on the edge; see :func:`measured_row`."""
    MEASURED[edge.container] = Measured()

    def put(fault: str, **told: Any) -> None:
        record(request, measured_row(MEASURED[edge.container], fault=fault, system=edge.system, **told))

    return put
