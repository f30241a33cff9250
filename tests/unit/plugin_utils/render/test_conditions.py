# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions and responses to errors hold in each block that handles requests of clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.tests.properties.structure import Tree, parsed
from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, rendered

MODEL: dict[str, Any] = {
    "edge_certificate_source": "self_signed",
    "edge_upstreams": [
        {"name": "app", "servers": [{"address": "10.0.0.1:80"}]},
        {"name": "php", "servers": [{"address": "10.0.0.2:9000"}]},
        {"name": "uwsgi", "servers": [{"address": "10.0.0.3:9001"}]},
        {"name": "orders", "servers": [{"address": "10.0.0.4:50051"}]},
    ],
    "edge_maps": [{"name": "crawler", "source": "$http_user_agent", "values": [{"from": "bot", "to": "1"}]}],
    "edge_user_lists": [{"name": "staff", "users": [{"name": "anna", "password_hash": "$6$abcdefgh$x"}]}],
}
LOCATIONS: list[dict[str, Any]] = [
    {"path": "/", "upstream": "app"},
    {"path": "/exact", "match": "exact", "upstream": "app"},
    {"path": "/files/", "root": "/srv/www"},
    {"path": "/first/", "root": "/srv/www", "upstream": "app", "fallback_roots": ["/srv/shared"]},
    {"path": "/php/", "root": "/srv/php", "php": {"upstream": "php", "front_controller": "/index.php"}},
    {"path": "/login.php", "match": "exact", "root": "/srv/php", "php": {"upstream": "php"}},
    {"path": "/uwsgi/", "upstream": "uwsgi", "protocol": "uwsgi"},
    {"path": "/orders.Orders/", "upstream": "orders", "protocol": "grpc"},
    {"path": "/text/", "return": {"status": 200, "text": "hi"}},
    {"path": "/admin/", "upstream": "app", "basic_auth": {"users": "staff"}},
    {"path": r"\.css$", "match": "regex", "upstream": "app"},
    {"path": "/own/", "upstream": "app", "response_headers": {"set": {"X-Own": "1"}}},
]
HANDLES = {"fastcgi_pass", "grpc_pass", "proxy_pass", "root", "return", "uwsgi_pass"}


def blocks(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """Each location that does something with a request: what it matches, and its directives."""
    for name, parameters, block in tree:
        if name == "location" and block and {one for one, _parameters, _block in block} & HANDLES:
            yield " ".join(parameters), block
        yield from blocks(block or [])


def site_tree(**options: Any) -> Tree:
    """The last server of a site with all kinds of locations."""
    site = {"name": "a.example.com", "locations": LOCATIONS, **options}
    tree = parsed(rendered({**MODEL, "edge_sites": [site]}, TARGETS["trixie"]))["sites/a.example.com.conf"]
    return [one for one in tree if one[0] == "server"][-1][2] or []


def of_clients(tree: Tree) -> list[tuple[str, Tree]]:
    """The blocks that requests of clients reach, without those that only say 404."""
    found = []
    for match, block in blocks(tree):
        names = {name for name, _parameters, _block in block}
        only_404 = {name for name, _p, _b in block} == {"return"}
        if "internal" not in names and not only_404:
            found.append((match, block))
    return found


@pytest.mark.parametrize(
    ("options", "condition", "answer"),
    [
        ({"deny_if": [{"map": "crawler", "status": 410}]}, "$crawler", "410"),
        ({"methods": ["GET"]}, "$edge_method_", "405"),
    ],
)
def test_a_condition_of_the_site_is_in_each_block(options: dict[str, Any], condition: str, answer: str) -> None:
    found = of_clients(site_tree(**options))
    assert len(found) > len(LOCATIONS)
    for match, block in found:
        conditions = [(parameters[0], inner[0][1][0]) for name, parameters, inner in block if name == "if" and inner]
        assert any(one.startswith(condition) and status == answer for one, status in conditions), match


def test_responses_to_errors_have_the_headers_of_their_block() -> None:
    tree = site_tree(error_format="json")
    own = next(block for match, block in blocks(tree) if match == "/own/")
    target = next(parameters[-1] for name, parameters, _block in own if name == "error_page")
    response = next(block for name, parameters, block in tree if name == "location" and parameters == ("=", target))
    headers = [
        [parameters for name, parameters, _block in one if name == "add_header"] for one in (own, response or [])
    ]
    assert headers[0] == headers[1]
    assert ("X-Own", "1", "always") in headers[0]


def test_all_responses_to_errors_are_internal_and_open() -> None:
    tree = site_tree(error_format="json", allow=["10.0.0.0/8"], basic_auth={"users": "staff"}, locations=LOCATIONS[:8])
    responses = [
        block or [] for name, parameters, block in tree if block and any("_edge_error_" in one for one in parameters)
    ]
    assert responses
    for block in responses:
        words = [(name, *parameters) for name, parameters, _block in block]
        assert ("internal",) in words
        assert ("allow", "all") in words
        assert ("auth_basic", "off") in words


def test_html_in_a_location_stops_the_format_of_the_site() -> None:
    location = {"path": "/html/", "upstream": "app", "error_format": "html"}
    tree = site_tree(error_format="json", locations=[location])
    block = next(block for match, block in blocks(tree) if match == "/html/")
    assert [parameters for name, parameters, _block in block if name == "error_page"] == [("599", "@edge_html")]
