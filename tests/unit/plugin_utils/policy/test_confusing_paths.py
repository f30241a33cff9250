# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths that some backend takes for a protected one are refused, and no others."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.plugin_utils.policy.test_access_rules import site


def refused(path: str, *locations: dict[str, Any], **options: Any) -> bool:
    """Whether the site refuses a path, given as nginx decodes it."""
    text = site(*locations, **options)
    found = re.findall(r'if \(\$uri ~ "(.*)"\) \{', text)
    return any(re.search(one.replace("\\\\", "\\"), path) for one in found)


ADMIN = {"path": "/admin/", "upstream": "app", "allow": ["127.0.0.1"]}
DEEP = {"path": "/a/b.c/", "upstream": "app", "deny": ["192.0.2.1"]}
NO_SLASH = {"path": "/private", "upstream": "app", "basic_auth": {"users": "staff"}}
EXACT = {"path": "/status", "match": "exact", "upstream": "app", "allow": ["127.0.0.1"]}


@pytest.mark.parametrize(
    "path",
    [
        "/admin;/x",
        "/admin;a=b/x",
        "/admin;x",
        "/admin /x",
        "/admin\t/x",
        "/admin\n",
        "/ admin/x",
        "/ad min/x",
        "/admin\xa0/x",
        "/admin\xc2\xa0/x",
        "/;x/admin/",
        "/.;/admin/x",
        "/public/..;/admin/x",
        "/public/..;a/admin/x",
        "/public/.. /admin/x",
        "/a;/b.c/x",
        "/a/b.c;v=1/x",
        "/a/;/b.c/",
        "/ private",
        "/pri vate",
        "/status;x",
        "/status ",
    ],
)
def test_it_is_refused(path: str) -> None:
    assert refused(path, ADMIN, DEEP, NO_SLASH, EXACT)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/admin/x",
        "/admin/x;y/z",
        "/admin/a b",
        "/administrator/x",
        "/other;x/y",
        "/other/admin;x",
        "/a/bxc;/",
        "/private",
        "/private;x",
        "/private/x y",
        "/private /x",
        "/status",
        "/status/x",
        "/..hidden/x",
        "/x/...;y",
    ],
)
def test_it_is_served(path: str) -> None:
    assert not refused(path, ADMIN, DEEP, NO_SLASH, EXACT)


def test_an_exact_path_is_not_the_prefix_with_a_slash() -> None:
    exact = {"path": "/admin", "match": "exact", "upstream": "app", "allow": ["127.0.0.1"]}
    assert not refused("/admin/", exact, ADMIN)
    assert refused("/admin ", exact, ADMIN)


def test_a_site_without_rules_refuses_nothing() -> None:
    assert not refused("/public/..;/admin/", {"path": "/", "upstream": "app"})


def test_an_open_location_of_a_protected_site_leads_nowhere_else() -> None:
    opened = {"path": "/public/", "upstream": "app", "public": True}
    assert refused("/public/..;/private", opened, basic_auth={"users": "staff"})


@pytest.mark.parametrize("length", [10, 100, 300, 1000])
def test_a_long_path_is_no_long_expression(length: int) -> None:
    location = {"path": "/" + "a" * length + "/", "upstream": "app", "allow": ["127.0.0.1"]}
    text = site(location)
    assert max(map(len, re.findall(r'"(\^.*)"', text))) < 3600
    assert refused("/" + "a" * length + ";/x", location)
