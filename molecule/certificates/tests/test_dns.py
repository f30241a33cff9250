# SPDX-License-Identifier: GPL-3.0-or-later
"""Wildcards, proven by records that a plugin of certbot writes into a real DNS server, and renewed in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import (
    BASE,
    BUNDLE,
    SERVICE,
    Edge,
    Note,
    Story,
    happens,
    run,
    site,
)

pytestmark = pytest.mark.feature("certificates")

SUITE = "{{ server_name | regex_replace('[.]test$', '') }}"
SECRET = "yJ0SPB0jLuP8vcJxmBcO0a5yvqFYMdYVVXTCkJbJ5iA="  # noqa: S105 - of a zone that only this scenario has
WRONG = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
CREDENTIALS = "/etc/letsencrypt/nginx-edge/wild.dns.ini"


def variables(secret: str) -> dict[str, object]:
    """A model with a wildcard."""
    credentials = {
        "dns_rfc2136_server": "10.213.83.30",
        "dns_rfc2136_name": "edge",
        "dns_rfc2136_secret": secret,
        "dns_rfc2136_algorithm": "HMAC-SHA256",
    }
    dns = {"provider": "rfc2136", "credentials": credentials, "propagation_seconds": 1}
    return {
        "edge_acme": {"email": "ops@example.test", "directory_url": "https://acme.test:14002/dir", "ca_bundle": BUNDLE},
        "edge_certificates": [{"name": "wild", "challenge": "dns-01", "dns": dns}],
        "edge_sites": [BASE, site(f"*.{SUITE}.dns.test", certificate="wild")],
    }


def any_name(edge: Edge) -> str:
    return f"any.{edge.suite}.dns.test"


@pytest.fixture(scope="module")
def refused(edges: list[Edge], folder: Path) -> dict[str, Story]:
    """The DNS server does not take the key."""
    return happens(lambda: run(folder, **variables(WRONG)), edges)


@pytest.fixture(scope="module")
def issued(refused: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Story]:
    assert refused
    return happens(lambda: run(folder, **variables(SECRET)), edges, any_name)


@pytest.fixture(scope="module")
def renewed(issued: dict[str, Story], edges: list[Edge]) -> dict[str, Story]:
    """By the unit that the timer starts."""
    assert issued

    def renew() -> None:
        for edge in edges:
            edge.make_due("wild")
            edge.host.run("systemctl", "start", SERVICE)
            edge.not_due("wild")

    return happens(renew, edges, any_name)


def test_wrong_credentials(edge: Edge, refused: dict[str, Story], note: Note) -> None:
    story = refused[edge.suite]
    note(story.told())
    assert story.outcome.code != 0
    told = story.outcome.failures[f"certificates-{edge.suite}"]
    assert "): certbot got no certificate from https://acme.test:14002/dir; it said:" in told
    assert WRONG not in told
    assert story.during.failures == []


def test_wildcard_by_dns(edge: Edge, issued: dict[str, Story], note: Note) -> None:
    story = issued[edge.suite]
    note(story.told())
    assert (story.outcome.code, story.during.failures) == (0, []), story.outcome
    assert story.before is not None
    assert story.before.is_self_signed
    assert story.after is not None
    assert (story.after.names, story.after.is_self_signed) == ((f"*.{edge.suite}.dns.test",), False)
    assert story.went_over, story.told()


def test_credentials_are_for_root_alone(edge: Edge, issued: dict[str, Story]) -> None:
    assert edge.shell(f"stat -c '%a %U' {CREDENTIALS}").strip() == "600 root"
    assert SECRET not in issued[edge.suite].outcome.output
    assert SECRET not in edge.shell("cat /var/log/letsencrypt/*.log; cat /etc/nginx/generations/*/MANIFEST.json")


def test_renewal_by_dns(edge: Edge, renewed: dict[str, Story], note: Note) -> None:
    story = renewed[edge.suite]
    note(story.told())
    assert story.during.failures == []
    assert story.before != story.after == edge.on_disk("wild")
    assert story.went_over, story.told()
