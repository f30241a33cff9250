# SPDX-License-Identifier: GPL-3.0-or-later
"""Access rules of a site, a prefix and a regular expression hold together."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.policy.access_rules import may_match_below
from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, errors, rendered

HASH = "$6$abcdefgh$amhMvRBvdFkWI8ty7BeGvdUowSCyUmG9IOrK8u4cqkaUzuCsnnRWrhqkKJZ7U8cr71LRE9FfDGuS0DeRM5gpi1"


def model(*locations: dict[str, Any], **site: Any) -> dict[str, Any]:
    users = [{"name": "anna", "password_hash": HASH}]
    return {
        "edge_certificate_source": "self_signed",
        "edge_upstreams": [{"name": "app", "servers": [{"address": "10.0.0.1:80"}]}],
        "edge_user_lists": [{"name": name, "users": users} for name in ("staff", "admins")],
        "edge_sites": [{"name": "a.example.com", **site, "locations": list(locations)}],
    }


def block(text: str, head: str) -> str:
    """The block that begins with ``head``, inner blocks included."""
    found = re.search(rf"^( *){re.escape(head)} {{$.*?^\1}}$", text, re.MULTILINE | re.DOTALL)
    assert found, f"{head}\n{text}"
    return found[0]


def site(*locations: dict[str, Any], **options: Any) -> str:
    return rendered(model(*locations, **options), TARGETS["bullseye"])["sites/a.example.com.conf"]


def networks(text: str) -> list[str]:
    return re.findall(r"(?:allow|deny) [^;]+", text)


def test_a_location_repeats_the_rules_that_it_does_not_replace() -> None:
    text = site({"path": "/", "upstream": "app", "deny": ["10.9.0.0/16"]}, allow=["10.0.0.0/8"])
    inner = block(text.split("server_name a.example.com")[2], "location /")  # the first server redirects
    assert networks(inner) == ["deny 10.9.0.0/16", "allow 10.0.0.0/8", "deny all"]


def test_what_the_site_denies_no_list_of_a_location_allows() -> None:
    text = site({"path": "/x/", "upstream": "app", "allow": ["10.9.0.0/16"]}, deny=["10.9.1.0/24"])
    assert networks(block(text, "location /x/")) == ["deny 10.9.1.0/24", "allow 10.9.0.0/16", "deny all"]


CSS = {"path": r"\.css$", "match": "regex", "upstream": "app"}


def test_a_regular_expression_is_inside_a_protected_prefix() -> None:
    text = site({"path": "/admin/", "upstream": "app", "allow": ["127.0.0.1"]}, CSS)
    outer = block(text, "location ^~ /admin/")
    assert networks(outer) == ["allow 127.0.0.1", "deny all"]
    assert 'location ~ "\\\\.css$"' in outer
    assert "location /admin/ {" in outer
    assert text.count('location ~ "\\\\.css$"') == 2
    assert 'location = /admin {\n        return 301 "/admin/$is_args$args";' in text


def test_rules_of_both_hold() -> None:
    regex = {**CSS, "allow": ["10.1.0.0/16", "192.0.2.0/24"], "deny": ["10.1.1.1"]}
    prefix = {"path": "/admin/", "upstream": "app", "allow": ["10.0.0.0/8"], "deny": ["10.2.0.0/16"]}
    inner = block(block(site(prefix, regex), "location ^~ /admin/"), 'location ~ "\\\\.css$"')
    assert networks(inner) == ["deny 10.2.0.0/16", "deny 10.1.1.1", "allow 10.1.0.0/16", "deny all"]


def test_networks_without_one_in_common_let_nobody_in() -> None:
    regex = {**CSS, "allow": ["192.0.2.0/24"]}
    prefix = {"path": "/admin/", "upstream": "app", "allow": ["10.0.0.0/8"]}
    inner = block(block(site(prefix, regex), "location ^~ /admin/"), 'location ~ "\\\\.css$"')
    assert networks(inner) == ["deny all"]


def test_an_open_prefix_is_open_for_regular_expressions_too() -> None:
    text = site({"path": "/public/", "upstream": "app", "public": True}, CSS, basic_auth={"users": "staff"})
    outer = block(text, "location ^~ /public/")
    assert "auth_basic off" in outer
    assert outer.count("auth_basic") == 1


def test_without_rules_a_prefix_stays_as_it_is() -> None:
    text = site({"path": "/", "upstream": "app", "client_max_body_size": "5m"}, CSS)
    assert "^~ / " not in text
    assert text.count('location ~ "\\\\.css$"') == 1


@pytest.mark.parametrize(
    ("regex", "words"),
    [
        ({"basic_auth": {"users": "admins"}}, "both have basic_auth"),
        ({"allow": ["10.0.0.0/8"], "satisfy": "any"}, "one of them has satisfy: any"),
    ],
)
def test_rules_that_cannot_hold_together_are_refused(regex: dict[str, Any], words: str) -> None:
    prefix = {"path": "/admin/", "upstream": "app", "basic_auth": {"users": "staff"}}
    found = errors(model(prefix, {**CSS, **regex}))
    assert len(found) == 1
    assert found[0].startswith("edge_sites[0] (a.example.com).locations[1].path: also matches below /admin/")
    assert words in found[0]
    assert errors(model(prefix, {**CSS, **regex, "path": r"^/api/.*\.css$"})) == []


def test_an_answer_before_the_rules_is_refused() -> None:
    prefix = {"path": "/admin/", "upstream": "app", "basic_auth": {"users": "staff"}}
    answer = {"path": r"\.old$", "match": "regex", "return": {"status": 301, "url": "/new"}}
    assert "returns before it checks" in errors(model(prefix, answer))[0]
    assert errors(model(prefix, {**answer, "return": {"status": 404}})) == []


@pytest.mark.parametrize(
    ("prefix", "pattern", "may"),
    [
        ("/admin/", r"\.css$", True),
        ("/admin/", r"^/api/", False),
        ("/admin/", r"^/admin/x\d", True),
        ("/admin/", r"^/ad", True),
        ("/admin/", r"^/admin?", True),
        ("/admin/", r"^/admx*in/", True),
        ("/admin/", r"^/api/|\.css$", True),
        ("/admin/", r"^/(?:api|admin)/", True),
        ("/admin/", r"^/api/(a|b)", False),
        ("/admin/", r"(?i)^/api/", True),
        ("/admin/", r"^\/api\/", False),
        ("/a.b/", r"^/a\.b/", True),
        ("/a.b/", r"^/a\.c", False),
        ("/admin/", r"^/x{0,1}admin", True),
        ("/admin/", r"^/[a-z]+/", True),
        ("/admin/", r"^/api[|]x", False),
        ("/admin/", r"^/other/(?#()|\.php$", True),
        ("/admin/", r"^/other/\Q(\E|\.php$", True),
    ],
)
def test_where_an_expression_may_match(prefix: str, pattern: str, may: bool) -> None:
    assert may_match_below(prefix, pattern) is may


@pytest.mark.parametrize("modifier", ["~ ", "~", "~* "])
def test_raw_expressions_do_not_apply_below_a_protected_prefix(modifier: str) -> None:
    prefix = {"path": "/admin/", "upstream": "app", "allow": ["127.0.0.1"]}
    text = site(prefix, extra_directives=f"location {modifier}\\.php$ {{ proxy_pass http://app; }}")
    assert "location ^~ /admin/ {" in text


def test_a_raw_answer_behind_access_rules_is_refused() -> None:
    prefix = {"path": "/admin/", "upstream": "app", "allow": ["127.0.0.1"]}
    answer = "if ($arg_x) { return 200 secret; }"
    for locations in ([{**prefix, "extra_directives": answer}], [prefix, {**CSS, "extra_directives": answer}]):
        found = errors(model(*locations))
        assert len(found) == 1
        assert "return answers before nginx checks the access rules" in found[0]
    assert errors(model({**CSS, "extra_directives": answer})) == []


def test_what_a_service_decides_about_is_not_cached_in_copies() -> None:
    prefix = {"path": "/app/", "upstream": "app", "auth_request": {"upstream": "app"}}
    variables = model(prefix, {**CSS, "cache": {"name": "pages"}})
    variables["edge_caches"] = [{"name": "pages"}]
    text = rendered(variables, TARGETS["bullseye"])["sites/a.example.com.conf"]
    assert "proxy_cache" not in block(text, "location ^~ /app/")
    assert text.count("proxy_cache ") == 1


def test_below_an_open_prefix_an_expression_keeps_its_own_satisfy() -> None:
    opened = {"path": "/public/", "upstream": "app", "public": True}
    regex = {**CSS, "allow": ["127.0.0.0/8"], "basic_auth": {"users": "staff"}, "satisfy": "all"}
    text = site(opened, regex, allow=["10.0.0.0/8"], basic_auth={"users": "admins"}, satisfy="any")
    assert "satisfy all;" in block(block(text, "location ^~ /public/"), 'location ~ "\\\\.css$"')
