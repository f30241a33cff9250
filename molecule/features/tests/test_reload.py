# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that clients keep, while nginx is reloaded."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible_collections.hardened.nginx_edge.molecule.features.tests.edges import Edge
from ansible_collections.hardened.nginx_edge.molecule.features.tests.kept_connections import CLIENTS

PROGRAM = Path(__file__).with_name("kept_connections.py").read_text(encoding="utf-8")
SECONDS = 6
RELOADS = 2
KEEPS = (1, 27, 4)
"""The first version of nginx that keeps idle connections for a moment during a reload."""


def test_a_reload_cuts_no_request_where_nginx_keeps_connections(
    edge: Edge, record_property: Callable[[str, object], None]
) -> None:
    found = re.search(r"nginx/([\d.]+)", edge.host.run("sh", "-c", "nginx -v 2>&1"))
    assert found is not None
    version = tuple(map(int, found[1].split(".")))
    with ThreadPoolExecutor(1) as pool:
        clients = pool.submit(edge.host.run, "python3", "-c", PROGRAM, edge.name, str(SECONDS))
        for _reload in range(RELOADS):
            time.sleep(1.5)
            edge.host.run("sh", "-c", 'kill -HUP "$(cat /run/nginx.pid)"')
        seen = json.loads(clients.result())
    record_property("note", f"nginx {found[1]}: {RELOADS} reloads, {seen['answered']} requests, {seen['cut']} cut")
    assert seen["answered"] > 100
    # A client whose connection was cut connects again, and may meet an old worker once more.
    assert seen["cut"] <= (0 if version >= KEEPS else 2 * CLIENTS * RELOADS)
