# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests with credentials or a body bypass caches, and cached ones tell backends only what is in the key."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, rendered


def files(cache: dict[str, Any] | None = None, **site: Any) -> dict[str, str]:
    location = {"path": "/", "upstream": "app", "cache": {"name": "pages", **(cache or {})}}
    model = {
        "edge_certificate_source": "self_signed",
        "edge_upstreams": [{"name": "app", "servers": [{"address": "10.0.0.1:80"}]}],
        "edge_caches": [{"name": "pages"}],
        "edge_sites": [{"name": "a.example.com", **site, "locations": [location]}],
    }
    return rendered(model, TARGETS["bullseye"])


def bypass(found: dict[str, str]) -> str:
    """What the variable is made of by which requests bypass the cache and are not stored."""
    text = found["sites/a.example.com.conf"]
    variables = re.findall(r"proxy_(?:cache_bypass|no_cache) (\S+);", text)
    assert len(variables) == 2
    assert len(set(variables)) == 1
    source = re.search(
        rf'map "(\S+)" {re.escape(variables[0])} {{\n    \'\' "";\n    default "1";', found["headers.conf"]
    )
    assert source
    return source[1]


def sent(found: dict[str, str], header: str) -> dict[str, str]:
    """Entries of the map that decides about a header of requests to the backend."""
    text = found["sites/a.example.com.conf"]
    variable = re.search(rf"proxy_set_header {header} (\$\S+);", text)
    assert variable, text
    entries = re.search(rf"{re.escape(variable[1])} {{\n(.*?)}}", found["headers.conf"], re.DOTALL)
    assert entries
    return dict(line.strip().rstrip(";").split(" ", 1) for line in entries[1].splitlines())


def test_by_default_every_cookie_and_credential_bypasses() -> None:
    source = bypass(files())
    for variable in ("$http_authorization", "$http_cookie", "$http_x_api_key", "$http_x_auth_token", "$edge_has_body"):
        assert variable in source


def test_client_certificates_bypass() -> None:
    assert "$ssl_client_fingerprint" not in bypass(files())
    certificates = {"ca": "/etc/ssl/clients.pem", "required": False}
    assert "$ssl_client_fingerprint" in bypass(files(client_certificates=certificates))


def test_nothing_is_fresh_by_default() -> None:
    assert "proxy_cache_valid" not in files()["sites/a.example.com.conf"]


@pytest.mark.parametrize(
    ("cookies", "marks"),
    [
        ("sid=1", True),
        ("a=b; sid=1", True),
        ("a=b;sid=1", True),
        ("a=b,sid=1", True),
        ("wp_x=1", True),
        ("xsid=1", False),
        ("a=sid", False),
        ("a=b; theme=dark", False),
    ],
)
def test_cookies_that_mark_a_session(cookies: str, marks: bool) -> None:
    found = files({"session_cookies": ["sid", "wp_*"]})
    pattern = re.search(r'map "\$http_cookie" \$edge_cache_session_\w+ {\n    "~(.*)" "1";', found["headers.conf"])
    assert pattern
    assert bool(re.search(pattern[1].replace("\\\\", "\\"), cookies)) is marks
    assert sent(found, "Cookie") == {"~^(?:GET|HEAD):$": '""', "default": '"$http_cookie"'}


@pytest.mark.parametrize(
    ("cookies", "marks"),
    [("_ga=1", False), ("_ga_X=1; consent=yes", False), ("consent=", False), ("_ga=1; sid=2", True), ("odd", True)],
)
def test_cookies_that_do_not_matter(cookies: str, marks: bool) -> None:
    found = files({"ignore_cookies": ["_ga*", "consent"]})
    pattern = re.search(r'\n    "~(\^.*)" "";\n    default "1";', found["headers.conf"])
    assert pattern
    assert bool(re.search(pattern[1].replace("\\\\", "\\"), cookies)) is not marks


def test_protocol_host_and_port_are_in_every_key() -> None:
    text = files({"key": "$uri"})["sites/a.example.com.conf"]
    assert r'proxy_cache_key "$scheme $host $server_port $server_name\n$uri";' in text


def test_no_origin_makes_the_key_of_another_path() -> None:
    text = files()["sites/a.example.com.conf"]
    assert r'proxy_cache_key "$scheme $host $server_port $server_name\n$request_uri $http_origin";' in text


def test_an_origin_that_is_not_in_the_key_is_not_sent() -> None:
    assert sent(files({"key": "$uri"}), "Origin") == {"~^(?:GET|HEAD):$": '""', "default": '"$http_origin"'}
    assert "proxy_set_header Origin" not in files()["sites/a.example.com.conf"]


def test_what_the_model_passes_on_is_in_the_key() -> None:
    found = files(pass_request_headers=["X-HTTP-Method-Override"], request_headers={"X-Lang": "$http_accept_language"})
    key = re.search(r"proxy_cache_key \"(.*)\";", found["sites/a.example.com.conf"])
    assert key
    assert "${http_x_http_method_override}" in key[1]
    assert "$http_accept_language" in key[1]
