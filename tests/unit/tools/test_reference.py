# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference in docs/ is what the spec and the tested models say now, and tells all of every option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import OPTIONS
from ansible_collections.hardened.nginx_edge.tools.examples import OptionPath, directives, example
from ansible_collections.hardened.nginx_edge.tools.reference import NOT_WRITTEN_TO_NGINX, REFERENCE, reason, reference


def paths(options: Mapping[str, Any], above: OptionPath = ()) -> Iterator[OptionPath]:
    for name, option in options.items():
        yield (*above, name)
        yield from paths(option.get("options") or {}, (*above, name))


def test_every_option_has_an_example() -> None:
    missing = [".".join(path) for path in paths(OPTIONS) if example(path) is None]
    assert missing == [], "use them in a recipe of the cookbook or in a golden case"


def test_every_option_becomes_a_directive_or_has_a_reason() -> None:
    without = [path for path in paths(OPTIONS) if not directives(path)]
    assert [".".join(path) for path in without if not reason(path)] == []
    parts = {".".join(path[:length]) for path in without for length in (1, 2, 3)}
    assert set(NOT_WRITTEN_TO_NGINX) <= parts


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("edge_upstreams", "servers", "weight"), {"server"}),
        (("edge_upstreams", "balance"), {"ip_hash", "least_conn", "random"}),
        (("edge_rate_limits", "rate"), {"limit_req_zone"}),
        (("edge_sites", "locations", "basic_auth", "realm"), {"auth_basic"}),
        (("edge_sites", "locations", "proxy_read_timeout"), {"proxy_read_timeout"}),
        (("edge_trusted_proxies",), {"set_real_ip_from", "geo"}),
        (("edge_acme", "email"), set()),
    ],
)
def test_what_some_options_become(path: OptionPath, expected: set[str]) -> None:
    assert set(directives(path)) == expected


def test_the_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference(), "run: make reference"
