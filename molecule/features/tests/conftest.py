# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test sees the edge of every suite that this run has."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import ADDRESSES, SUITES, Edge
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, Client


@pytest.fixture(scope="session", params=SUITES)
def edge(request: pytest.FixtureRequest) -> Edge:
    client = Client("feature-client")
    found = Edge(request.param, ADDRESSES[request.param], client)
    pairs = found.host.run("sh", "-c", "cat /etc/nginx/tls/*test/fullchain.pem")
    client.run("sh", "-c", f"cat > {AUTHORITY} <<'EOF'\n{pairs}\nEOF")
    return found
