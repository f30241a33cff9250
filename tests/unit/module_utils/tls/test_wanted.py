# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a certificate: from the planner to a module and back, and nowhere with a secret."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import DnsPlugin, Wanted, options_of

DNS = DnsPlugin("rfc2136", "python3-certbot-dns-rfc2136", "dns.ini", propagation_seconds=10)
FULL = Wanted(
    "a.example",
    ("a.example", "www.a.example"),
    key_type="rsa",
    key_size=3072,
    path="edge_certificates[0]",
    challenge="dns-01",
    dns=DNS,
    profile="short",
    preferred_chain="Root X",
)
PROVIDED = Wanted("b.example", ("b.example",), "provided", fullchain="b.pem", privkey="b.key", path="edge_sites[0]")


@pytest.mark.parametrize("wanted", [FULL, PROVIDED, Wanted("c.example", ("c.example",))], ids=lambda one: one.name)
def test_a_plan_is_read_as_it_was_written(wanted: Wanted) -> None:
    assert Wanted.from_plan(wanted.as_plan()) == wanted


def test_what_action_plugins_add_is_read() -> None:
    plan = FULL.as_plan()
    plan["dns"]["credentials_content"] = "secret"
    plan |= {"fullchain_content": "chain", "privkey_content": "key"}
    dns = replace(DNS, credentials_content="secret")
    assert Wanted.from_plan(plan) == replace(FULL, fullchain_content="chain", privkey_content="key", dns=dns)


def test_names_are_compared_in_lower_case() -> None:
    assert Wanted.from_plan({"name": "a", "names": ["WWW.a.Example"]}).names == ("www.a.example",)


@pytest.mark.parametrize("record", [Wanted, DnsPlugin])
def test_secrets_are_not_printed_and_not_planned(record: Any) -> None:
    secret = [name for name, (one, _default) in options_of(record).items() if one.no_log]
    assert secret
    assert [one.name for one in fields(record) if not one.repr] == secret
    assert all(options_of(record)[name][0].late for name in secret)


def test_a_plan_has_no_place_for_a_secret() -> None:
    dns = replace(DNS, credentials_content="secret")
    filled = replace(FULL, fullchain_content="chain", privkey_content="secret", dns=dns)
    assert filled.as_plan() == FULL.as_plan()
    assert "secret" not in f"{filled}"


def test_an_error_has_the_path_of_the_model_or_the_name() -> None:
    problem = OSError("wrong")
    assert FULL.error(problem) == "edge_certificates[0]: wrong"
    assert replace(FULL, path="").error(problem) == "certificate a.example: wrong"
