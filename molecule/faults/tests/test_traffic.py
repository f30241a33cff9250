# SPDX-License-Identifier: GPL-3.0-or-later
"""Traffic of every kind while an edge is reloaded, changed, taken back, and given another certificate."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import CLIENT, EDGES, Edge

PROGRAM = "/srv/traffic_client.py"
SECONDS = 16  # longer than the downloads take, shorter than the 30 s that old workers get
LONG = 10 * 1024 * 1024
NEW_PAIR = (
    "cd /etc/nginx/tls; rm -rf .new; mkdir .new; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
    " -nodes -days 90 -subj /CN=new -keyout .new/privkey.pem -out .new/fullchain.pem 2>/dev/null"
)
SERIAL = "openssl s_client -connect 127.0.0.1:443 -servername {} </dev/null 2>/dev/null | openssl x509 -noout -serial"


@pytest.fixture(scope="module")
def seen() -> dict[str, dict[str, Any]]:
    """What clients saw, one edge after the other; and which workers were leaving while connections were open."""
    text = (Path(__file__).parent / "traffic_client.py").read_text(encoding="utf-8")
    CLIENT.run("python3", "-c", f"open({PROGRAM!r}, 'w').write({text!r})")
    with ThreadPoolExecutor(len(EDGES)) as pool:
        return dict(zip((edge.system for edge in EDGES), pool.map(under_traffic, EDGES)))


def under_traffic(edge: Edge) -> dict[str, Any]:
    for text in ("older", "good"):
        assert edge.change(text).code == 0
    link = f"/etc/nginx/tls/{edge.name}"
    before = edge.sh(f"readlink {link}").strip()
    serial = edge.sh(SERIAL.format(edge.name))
    with ThreadPoolExecutor(1) as pool:
        traffic = pool.submit(CLIENT.run, "python3", PROGRAM, edge.name, str(SECONDS))
        time.sleep(2)
        done = [edge.do("reload")]
        leaving = json.loads(edge.host.run("nginx-edge", "list", "--json"))["leaving"]
        listed = edge.host.run("nginx-edge", "list")
        done += [edge.change("under load"), edge.do("rollback")]
        edge.sh(f"{NEW_PAIR}; ln -sfn .new {link}")
        done.append(edge.do("reload"))
        new_serial = edge.sh(SERIAL.format(edge.name))
        edge.sh(f"ln -sfn {before} {link}")
        done.append(edge.do("reload"))
        told = json.loads(traffic.result())
    return {**told, "done": done, "renewed": serial != new_serial, "leaving": leaving, "listed": listed}


def test_no_fresh_connection_fails(seen: dict[str, dict[str, Any]], edge: Edge) -> None:
    found = seen[edge.system]
    assert [one.code for one in found["done"]] == [0] * 5, found["done"]
    assert found["renewed"]
    assert found["fresh"]["failures"] == []
    assert found["fresh"]["done"] > 20


def test_what_is_open_is_finished(seen: dict[str, dict[str, Any]], edge: Edge, row: Callable[..., None]) -> None:
    found = seen[edge.system]
    reused, web_socket = found["reused"], found["web_socket"]
    assert reused["failures"] == []
    assert reused["done"] > 20
    # Four clients, five reloads: each ends a connection, and the next one may still meet a worker about to leave.
    assert reused["dropped"] <= 4 * 5 * 2
    assert web_socket["failures"] == []
    assert web_socket["done"] > 10
    assert found["downloads"] == [f"1.1 200 {LONG}", f"2 200 {LONG}"]
    row(
        "three reloads, a change, a rollback and two other certificates under traffic",
        reports="done",
        during="no fresh request failed; what met a connection that was just closed was answered at the second try; "
        "downloads over HTTP/1.1 and HTTP/2 and a WebSocket went on to their end",
        watched=found["fresh"]["failures"],
        sound=[edge.state().sound],
        after="the generation asked for",
        next_run=edge.again("good"),
        injected=0,
    )


def test_workers_that_still_serve_are_told(seen: dict[str, dict[str, Any]], edge: Edge) -> None:
    found = seen[edge.system]
    assert found["leaving"]
    assert all(one["age"] >= 0 for one in found["leaving"])
    assert "of earlier configurations still serve: process " in found["listed"]
    deadline = time.monotonic() + 45  # edge_worker_shutdown_timeout, and a moment
    while json.loads(edge.host.run("nginx-edge", "list", "--json"))["leaving"]:
        assert time.monotonic() < deadline
        time.sleep(1)
