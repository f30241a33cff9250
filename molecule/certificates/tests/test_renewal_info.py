# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority asks to renew, or revokes a certificate: the unit that renews replaces it, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import (
    BUNDLE,
    SERVICE,
    Edge,
    Note,
    Story,
    happens,
    post,
    run,
    settle,
    start_renewal,
)

pytestmark = pytest.mark.feature("certificates")

DIRECTORY = "https://acme.test:14003/dir"
MANAGEMENT = "https://localhost:15003/set-renewal-info/"
ANSWER = (
    '{"suggestedWindow": {"start": "2026-01-02T04:00:00Z", "end": "2026-01-03T04:00:00Z"},'
    ' "explanationURL": "https://acme.test/why"}'
)
ACME = {"email": "ops@example.test", "directory_url": DIRECTORY, "ca_bundle": BUNDLE}
INFO = "/var/lib/nginx-edge/renewal-info.json"
REVOKE = f"certbot revoke --non-interactive --no-delete-after-revoke --server {DIRECTORY} --cert-name"

Outcome = tuple[list[str], list[str], str]
"""The states in which two renewals ended, the serial number after each, and the journal."""


def renew_twice(edges: list[Edge]) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for edge in edges:
        since = edge.shell("date '+%Y-%m-%d %H:%M:%S'").strip()
        edge.shell(f"rm -f {INFO}")  # as if the time of the next request had come
        states, serials = [], []
        for _number in range(2):
            states.append(start_renewal(edge))
            certificate = edge.on_disk()
            serials.append(certificate.serial if certificate else "")
        found[edge.suite] = (states, serials, edge.journal(SERVICE, since))
    return found


@pytest.fixture(scope="module")
def issued(edges: list[Edge], folder: Path) -> Iterator[list[Edge]]:
    """All certificates come from an authority whose renewal information a test can set; not due for certbot."""
    assert run(folder, edge_acme=ACME).code == 0
    yield edges
    settle(edges, folder)


@pytest.fixture(scope="module")
def calm(issued: list[Edge]) -> dict[str, Story]:
    """The authority suggests a time in the future."""
    return happens(lambda: renew_twice(issued), issued)


@pytest.fixture(scope="module")
def asked(calm: dict[str, Story], issued: list[Edge]) -> dict[str, Story]:
    """The authority asks to renew now."""
    assert calm

    def ask() -> dict[str, Outcome]:
        for edge in issued:
            chain = edge.shell(f"cat /etc/letsencrypt/live/{edge.name}/cert.pem")
            post(MANAGEMENT, {"Certificate": chain, "ARIResponse": ANSWER})
        return renew_twice(issued)

    return happens(ask, issued)


@pytest.fixture(scope="module")
def revoked(asked: dict[str, Story], issued: list[Edge]) -> dict[str, Story]:
    """Somebody revoked the certificate."""
    assert asked

    def revoke() -> dict[str, Outcome]:
        for edge in issued:
            edge.shell(f"export REQUESTS_CA_BUNDLE={BUNDLE}; {REVOKE} {edge.name}")
        return renew_twice(issued)

    return happens(revoke, issued)


def test_nothing_is_renewed_before_its_time(edge: Edge, calm: dict[str, Story], note: Note) -> None:
    story = calm[edge.suite]
    note(story.told())
    states, _serials, journal = story.outcome
    assert states == ["inactive"] * 2, journal
    assert (story.during.failures, story.during.shown) == ([], [story.before])
    assert '"problem": ""' in edge.shell(f"cat {INFO}")


@pytest.mark.parametrize("what", ["asked", "revoked"])
def test_it_is_replaced_once(edge: Edge, what: str, request: pytest.FixtureRequest, note: Note) -> None:
    story: Story = request.getfixturevalue(what)[edge.suite]
    note(story.told())
    states, serials, journal = story.outcome
    assert states == ["inactive"] * 2, journal
    assert story.before is not None
    assert story.after is not None
    assert serials == [story.after.serial] * 2, journal
    assert story.before != story.after
    assert story.during.failures == []
    assert story.went_over, story.told()


def test_the_journal_has_the_reason(edge: Edge, asked: dict[str, Story]) -> None:
    """certbot asks for renewal information itself from version 4.1 on, and prints no reason."""
    journal = asked[edge.suite].outcome[2]
    assert f"{edge.name}: the ACME server asks to renew it now (https://acme.test/why)." in journal
