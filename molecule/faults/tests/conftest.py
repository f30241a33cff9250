# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault is injected into every edge, and none may leave an edge that the next test would not start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import EDGES, MEASURED, Edge, Measured, on_all
from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import record
from ansible_collections.hardened.nginx_edge.tools.reliability import Row
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, Client

NO_FAILURE = "no fresh request failed"


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
    """Put a row into the matrix; see :class:`Row`. It can state only what the test has measured on the edge.

    ``watched`` are the failures of fresh connections and ``sound`` the results of ``nginx -t``, if they were measured
    before the test began, as in a fixture of the module.
    """
    MEASURED[edge.container] = Measured()

    def put(
        fault: str, *, during: str, watched: Sequence[str] | None = None, sound: Sequence[bool] = (), **told: object
    ) -> None:
        measured = MEASURED[edge.container]
        if during.startswith(NO_FAILURE):
            assert watched is not None or measured.requests > 0, f"{fault}: no request was counted"
            assert list(watched or ()) + measured.failures == [], f"{fault}: requests failed"
        observed = list(sound) or measured.sound
        assert observed, f"{fault}: nginx -t was not asked"
        record(request, Row(fault=fault, system=edge.system, during=during, sound=all(observed), **told))  # type: ignore[arg-type]

    return put
