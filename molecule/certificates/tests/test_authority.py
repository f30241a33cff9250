# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority that is down, one that has forgotten its accounts, and one at which somebody closed the account."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import (
    ACME,
    DIRECTORY,
    OWN,
    SERVICE,
    Edge,
    Note,
    Story,
    happens,
    run,
    settle,
    site,
)

pytestmark = pytest.mark.feature("certificates")

ACCOUNTS = "/etc/letsencrypt/accounts/acme.test:14000/dir"
CLOSE = f"""rm -rf /root/accounts
cp -a {ACCOUNTS} /root/accounts
certbot unregister --non-interactive --server {DIRECTORY} >&2
rm -rf {ACCOUNTS}
cp -a /root/accounts {ACCOUNTS}
rm -r /root/accounts"""
ANSWERS = "import socket; socket.create_connection(('127.0.0.1', 14000), 2)"
MORE = {"edge_sites": [site(OWN, f"www.{OWN}", f"again.{OWN}")]}


def start_authority() -> None:
    ACME.run("systemctl", "start", "pebble")
    deadline = time.monotonic() + 30
    while ACME.attempt("python3", "-c", ANSWERS).returncode != 0:
        assert time.monotonic() < deadline, "Pebble does not listen"
        time.sleep(0.3)


@pytest.fixture(scope="module")
def down(edges: list[Edge], folder: Path) -> Iterator[dict[str, Story]]:
    """A run that wants a name more while the authority is down, and then the unit that renews."""

    def ask() -> dict[str, tuple[object, str, str]]:
        outcome = run(folder, **MORE)
        found = {}
        for edge in edges:
            since = edge.shell("date '+%Y-%m-%d %H:%M:%S'").strip()
            edge.make_due()
            edge.host.attempt("systemctl", "start", SERVICE)
            ended = edge.shell(f"systemctl show --value {SERVICE} --property=ActiveState").strip()
            found[edge.suite] = (outcome, ended, edge.journal(SERVICE, since))
            edge.not_due()
        return found

    settle(edges, folder)
    ACME.run("systemctl", "stop", "pebble")
    try:
        yield happens(ask, edges)
    finally:
        start_authority()


@pytest.fixture(scope="module")
def forgotten(down: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Story]:
    """Pebble keeps everything in memory: it comes back without its accounts."""
    assert down
    start_authority()
    return happens(lambda: run(folder, **MORE), edges)


@pytest.fixture(scope="module")
def closed(forgotten: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Story]:
    """Somebody deactivated the account, and the next run wants something of it."""
    assert forgotten
    for edge in edges:
        edge.shell(f"export REQUESTS_CA_BUNDLE=/etc/ssl/acme-ca.pem; {CLOSE}")
    return happens(lambda: run(folder), edges)


@pytest.fixture(scope="module")
def reopened(closed: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Story]:
    """What the error says was done."""
    assert closed
    for edge in edges:
        edge.shell(f"mkdir -p /root/old; mv {ACCOUNTS}/* /root/old")
    return happens(lambda: run(folder), edges)


def test_authority_down(edge: Edge, down: dict[str, Story], note: Note) -> None:
    story = down[edge.suite]
    note(story.told())
    outcome, ended, journal = story.outcome
    assert outcome.code != 0
    told = outcome.failures[f"certificates-{edge.suite}"]
    assert "a certificate could not be issued; the edge keeps its certificates" in told
    assert "edge_sites[0] (" in told
    assert f"): certbot got no certificate from {DIRECTORY}; it said:" in told
    assert "onnection refused" in told
    assert ended == "failed", journal
    assert (story.during.failures, story.during.shown) == ([], [story.before])
    assert story.after == story.before


def test_forgotten_account(edge: Edge, forgotten: dict[str, Story], note: Note) -> None:
    story = forgotten[edge.suite]
    note(story.told())
    assert (story.outcome.code, story.during.failures) == (0, []), story.outcome
    assert f"{DIRECTORY} does not know the account; a new one is used" in str(story.outcome.warnings)
    assert story.after is not None
    assert story.after.uncovered([f"again.{edge.name}"]) == []
    assert story.went_over, story.told()
    of_this_one = f"grep -l 'server = {DIRECTORY}' /etc/letsencrypt/renewal/*.conf"
    renewal = edge.shell(f"{of_this_one} | xargs grep -h '^account' | sort -u").split()
    assert renewal == ["account", "=", edge.shell(f"ls {ACCOUNTS}").strip()]
    assert edge.shell("stat -c %a /etc/letsencrypt/nginx-edge").strip() == "700"


def test_closed_account(edge: Edge, closed: dict[str, Story], note: Note) -> None:
    story = closed[edge.suite]
    note(story.told())
    told = story.outcome.failures[f"certificates-{edge.suite}"]
    assert f"was closed; to register a new one, move the old one away from {ACCOUNTS} and run again" in told
    assert (story.during.failures, story.during.shown) == ([], [story.before])
    assert story.after == story.before


def test_reopened_account(edge: Edge, reopened: dict[str, Story], note: Note) -> None:
    story = reopened[edge.suite]
    note(story.told())
    assert (story.outcome.code, story.during.failures) == (0, []), story.outcome
    assert story.went_over, story.told()
    assert story.before != story.after
