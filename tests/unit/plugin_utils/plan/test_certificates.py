# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan says of authorities, and what it must not say; credentials on their way; profiles before any change."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.check.key_pairs import check_files
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.check.profiles import check_profiles
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.credentials import (
    credentials_in,
    file_of,
    hmac_key_in,
)
from ansible_collections.hardened.nginx_edge.tests.unit.models import planned

SECRETS = ("c2VjcmV0LWtleQ", "very-secret")
MODEL: dict[str, Any] = {
    "edge_acme": {
        "email": "ops@a.test",
        "directory_url": "https://acme.test/dir",
        "eab": {"kid": "customer-1", "hmac_key": SECRETS[0]},
        "profile": "classic",
    },
    "edge_certificates": [
        {
            "name": "a.test",
            "challenge": "dns-01",
            "dns": {"provider": "rfc2136", "credentials": {"dns_rfc2136_secret": SECRETS[1]}},
            "profile": "short",
        }
    ],
    "edge_sites": [
        {"name": name, "locations": [{"path": "/", "return": {"status": 204}}]} for name in ("a.test", "b.test")
    ],
}


def test_no_secret_is_in_the_plan() -> None:
    plan = planned(MODEL)
    assert plan.problems == ()
    told = f"{plan.certificates} {plan.authority}"
    assert [secret for secret in SECRETS if secret in told] == []
    assert plan.authority is not None
    assert plan.authority["eab"] == {"kid": "customer-1"}


def test_profiles_of_the_account_are_those_of_certificates_without_one() -> None:
    assert [one["profile"] for one in planned(MODEL).certificates] == ["short", "classic"]


def test_staging_is_a_directory_of_its_own() -> None:
    authority = planned({**MODEL, "edge_acme": {"email": "ops@a.test", "staging": True}}).authority
    assert authority is not None
    assert authority["directory_url"] == "https://acme-staging-v02.api.letsencrypt.org/directory"


@pytest.mark.parametrize(
    ("certbot", "offered", "told"),
    [
        (
            "2.1.0",
            None,
            ["edge_acme.profile: profiles need certbot 4.0", "edge_certificates[0] (a.test).profile: profiles need"],
        ),
        ("4.0.0", None, []),
        ("", ["classic", "short"], []),
        (
            "4.0.0",
            ["classic", "shorter"],
            ["edge_certificates[0] (a.test).profile: https://acme.test/dir has no profile 'short' ("],
        ),
        (
            "4.0.0",
            [],
            ["edge_acme.profile: https://acme.test/dir lists no profiles", "edge_certificates[0] (a.test).profile: "],
        ),
    ],
)
def test_profiles_that_nobody_knows_are_errors(certbot: str, offered: list[str] | None, told: list[str]) -> None:
    found = [str(problem) for problem in check_profiles(planned(MODEL).edge, certbot, offered)]
    assert [text for text, begin in zip(found, told, strict=True) if not text.startswith(begin)] == []


def test_secrets_are_found_where_the_inventory_has_them() -> None:
    credentials = credentials_in(MODEL["edge_certificates"], "a.test")
    assert file_of({**credentials, "quoted": 'say "it"'}) == (
        f'dns_rfc2136_secret = "{SECRETS[1]}"\nquoted = \'say "it"\'\n'
    )
    assert hmac_key_in(MODEL["edge_acme"]) == SECRETS[0]
    assert (credentials_in(None, "a.test"), credentials_in([{}, "x"], "a.test"), hmac_key_in(None)) == ({}, {}, None)


def test_a_file_that_cannot_be_read_is_told_with_its_place() -> None:
    dns = {"provider": "rfc2136", "credentials_file": "there/dns.ini"}
    model = {**MODEL, "edge_certificates": [{"name": "a.test", "challenge": "dns-01", "dns": dns}]}
    edge = planned(model).edge

    def read(_path: str) -> str:
        raise PermissionError(13, "Permission denied")

    def told(reader: Any) -> list[str]:
        return [str(problem) for problem in check_files(edge, lambda _path: True, reader, datetime.now(timezone.utc))]

    place = "edge_certificates[0] (a.test).dns.credentials_file"
    assert told(read) == [f"{place}: the controller cannot read there/dns.ini: Permission denied"]
    assert told(lambda _path: " \n") == [f"{place}: there/dns.ini is empty"]
    assert told(lambda _path: "dns_rfc2136_server = 10.0.0.53\n") == []
