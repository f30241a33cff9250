# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test sees the edge of every suite."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import EDGES, Edge
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, Client


@pytest.fixture(scope="session", params=EDGES)
def edge(request: pytest.FixtureRequest) -> Edge:
    client = Client("feature-client")
    found = Edge(request.param, EDGES[request.param], client)
    pairs = found.host.run("sh", "-c", "cat /etc/nginx/tls/*test/fullchain.pem")
    client.run("sh", "-c", f"cat > {AUTHORITY} <<'EOF'\n{pairs}\nEOF")
    return found
