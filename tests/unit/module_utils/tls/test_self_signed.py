# SPDX-License-Identifier: GPL-3.0-or-later
"""Self-signed certificates are the same with the library and with openssl."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair, checked_pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.self_signed import (
    Profile,
    make_self_signed,
    with_library,
    with_openssl,
)
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import ScriptedHost

Way = Callable[[Profile], tuple[str, str]]
LONG = ".".join(("a" * 60, "b" * 20, "example"))
WAYS: dict[str, Way] = {"library": with_library, "openssl": lambda profile: with_openssl(LocalHost(), profile)}
EXTENSIONS = {
    "X509v3 Basic Constraints: critical": "CA:FALSE",
    "X509v3 Extended Key Usage:": "TLS Web Server Authentication",
}


def pair(way: Way, profile: Profile) -> Pair:
    return checked_pair(LocalHost(), *way(profile))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    ("names", "key_type", "key_size", "subject"),
    [
        (("a.example", "*.a.example", "192.0.2.1", "2001:db8::1"), "ecdsa", 2048, "O=edge, CN=a.example"),
        (("_a.example",), "rsa", 2048, "O=edge, CN=_a.example"),
        ((LONG,), "ecdsa", 2048, "O=edge"),
    ],
)
def test_a_pair_has_what_was_asked_for(
    way: Way, names: tuple[str, ...], key_type: str, key_size: int, subject: str
) -> None:
    own = pair(way, Profile(names, "edge", key_type, key_size, 30)).certificate
    now = datetime.now(timezone.utc)
    assert (own.names, own.subject, own.is_self_signed) == (names, subject, True)
    assert (own.key_type, own.key_size) == (key_type, key_size if key_type == "rsa" else 256)
    assert own.not_before <= now
    assert abs(own.left(now) - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_clients_may_use_it_for_servers_only(way: Way) -> None:
    fullchain, _privkey = way(Profile(("a.example",), "edge", "ecdsa", 256, 30))
    printed = LocalHost().run(["openssl", "x509", "-noout", "-text"], stdin=fullchain).stdout
    lines = [line.strip() for line in printed.splitlines()]
    for name, value in EXTENSIONS.items():
        assert lines[lines.index(name) + 1] == value
    assert "X509v3 Subject Key Identifier:" in lines


@pytest.mark.parametrize("name", ["no name", "a.example,IP:192.0.2.1", "ü.example", ""])
def test_another_name_is_an_error(name: str) -> None:
    with pytest.raises(EdgeError, match="is not allowed in a certificate"):
        make_self_signed(LocalHost(), names=("a.example", name), organisation="o", key_type="ecdsa", key_size=0, days=1)


@pytest.mark.parametrize(("missing", "runs"), [(False, 0), (True, 1)])
def test_openssl_is_for_a_python_without_the_library(monkeypatch: pytest.MonkeyPatch, missing: bool, runs: int) -> None:
    if missing:
        monkeypatch.setitem(sys.modules, "cryptography", None)
    host = ScriptedHost()
    made = make_self_signed(host, names=("a.example",), organisation="o", key_type="ecdsa", key_size=0, days=1)
    assert made.certificate.names == ("a.example",)
    assert [argv[0] for argv in host.ran] == ["openssl"] * runs
