# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority that accepts only customers: the account is bound by a key that stays secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import (
    BUNDLE,
    Edge,
    Note,
    Story,
    happens,
    run,
)

pytestmark = pytest.mark.feature("certificates")

DIRECTORY = "https://acme.test:14001/dir"
KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
ACME = {"email": "ops@example.test", "directory_url": DIRECTORY, "ca_bundle": BUNDLE}
BOUND = {"edge_acme": {**ACME, "eab": {"kid": "customer-1", "hmac_key": KEY}}}
SPY = """import glob, pathlib, sys, time
end, found = time.monotonic() + 300, set()
while time.monotonic() < end and not pathlib.Path('/run/spy.stop').exists():
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            line = pathlib.Path(path).read_bytes().replace(b'\\0', b' ').decode(errors='replace')
        except OSError:
            continue
        if 'certbot' in line and 'certonly' in line:
            found.add(line)
    time.sleep(0.02)
pathlib.Path('/run/spy.found').write_text('\\n'.join(sorted(found)))
"""


@pytest.fixture(scope="module")
def unbound(edges: list[Edge], folder: Path) -> dict[str, Story]:
    """Without the key, and without the account of an earlier run of these tests."""
    for edge in edges:
        edge.shell("rm -rf /etc/letsencrypt/accounts/acme.test:14001")
    return happens(lambda: run(folder, edge_acme=ACME), edges)


@pytest.fixture(scope="module")
def bound(unbound: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Story]:
    """With the key, while all command lines of certbot are written down."""
    assert unbound
    for edge in edges:
        edge.shell("rm -f /run/spy.*")
        edge.host.start("python3", "-c", SPY)
    try:
        return happens(lambda: run(folder, **BOUND), edges)
    finally:
        for edge in edges:
            edge.shell("touch /run/spy.stop; timeout 20 sh -c 'until [ -e /run/spy.found ]; do sleep 0.1; done'")


def test_without_binding(edge: Edge, unbound: dict[str, Story], note: Note) -> None:
    story = unbound[edge.suite]
    note(story.told())
    assert story.outcome.code != 0
    told = story.outcome.failures[f"certificates-{edge.suite}"]
    assert f"certbot got no certificate from {DIRECTORY}" in told
    # certbot 1.12 keeps the authority's reason, the missing binding, to itself.
    assert ("Unable to register an account" if edge.suite == "bullseye" else "xternal") in told
    assert (story.during.failures, story.during.shown) == ([], [story.before])
    assert story.after == story.before


def test_external_account_binding(edge: Edge, bound: dict[str, Story], note: Note) -> None:
    story = bound[edge.suite]
    note(story.told())
    assert (story.outcome.code, story.during.failures) == (0, []), story.outcome
    assert story.before is not None
    assert story.after is not None
    assert story.before.issuer != story.after.issuer
    assert story.went_over, story.told()


def test_the_key_is_nowhere_to_be_seen(edge: Edge, bound: dict[str, Story]) -> None:
    found = edge.shell("cat /run/spy.found")
    assert "--config /etc/letsencrypt/nginx-edge/binding.ini" in found
    assert KEY not in found
    assert KEY not in bound[edge.suite].outcome.output
    assert edge.host.attempt("grep", "-rlF", KEY, "/etc", "/var/log", "/run").stdout == ""
