# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations: files and what is not served of them, applications behind files, and CGI parameters."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, rendered
from ansible_collections.hardened.nginx_edge.tests.unit.plugin_utils.policy.test_access_rules import block, model, site

HIDDEN = r"location ~ /\.(?!well-known(?:/|$)) {"
ROOT: dict[str, Any] = {"path": "/", "root": "/srv/www"}


@pytest.mark.parametrize(
    "location",
    [ROOT, {"path": "/files/", "alias": "/srv/files/"}, {"path": r"\.css$", "match": "regex", "root": "/srv/www"}],
)
def test_hidden_files_are_refused_inside_the_location(location: dict[str, Any]) -> None:
    text = site(location)
    assert text.count(HIDDEN) == 1
    assert "        " + HIDDEN in text
    assert HIDDEN not in site({**location, "hidden_files": True})


def test_links_are_followed_by_their_owner() -> None:
    assert "disable_symlinks if_not_owner from=/srv/www;" in site(ROOT)
    assert "disable_symlinks if_not_owner from=/srv/files/;" in site({"path": "/files/", "alias": "/srv/files/"})
    assert "disable_symlinks off;" in site({**ROOT, "disable_symlinks": "off"})
    assert "disable_symlinks on from=/srv/www;" in site({**ROOT, "disable_symlinks": "on"})


def test_a_proxied_location_has_no_files() -> None:
    text = site({"path": "/", "upstream": "app"})
    assert HIDDEN not in text
    assert "disable_symlinks" not in text


def test_files_come_before_the_application() -> None:
    text = site({**ROOT, "upstream": "app", "client_max_body_size": "5m", "access_log": False})
    main = block(text.split("server_name a.example.com")[2], "location /")
    name = re.search(r"try_files \$uri (@\w+);", main)
    assert name
    named = block(text, f"location {name[1]}")
    assert "proxy_pass http://app;" in named
    assert "client_max_body_size 5m;" in named
    assert "access_log off;" in named
    hidden = block(main, HIDDEN.removesuffix(" {"))
    assert "proxy_pass http://app;" in hidden  # the path may be one of the application


def test_files_to_try_come_before_the_application() -> None:
    text = site({**ROOT, "upstream": "app", "try_files": ["$uri", "$uri/index.html"]})
    assert re.search(r"try_files \$uri \$uri/index.html @edge_\w+;", text)


def test_the_application_behind_files_counts_no_request_twice() -> None:
    limits = {"edge_rate_limits": [{"name": "api", "rate": "5r/s"}]}
    location = {**ROOT, "upstream": "app", "rate_limits": [{"name": "api"}]}
    text = rendered({**model(location), **limits}, TARGETS["trixie"])["sites/a.example.com.conf"]
    assert "limit_req" not in text[text.index("location @edge_") :]


def test_the_application_behind_files_knows_the_user() -> None:
    auth = {"upstream": "app", "headers": ["X-User"]}
    text = site({**ROOT, "upstream": "app", "public": True}, auth_request=auth)
    assert "auth_request off;" in text[text.index("location @edge_") :]
    text = site({**ROOT, "upstream": "app", "auth_request": auth})
    assert "X-User $edge_auth_x_user;" in text[text.index("location @edge_") :]


def test_roots_are_tried_in_order() -> None:
    text = site({**ROOT, "fallback_roots": ["/srv/b", "/srv/c"], "upstream": "app"}, allow=["10.0.0.0/8"])
    tried = re.findall(r"root (/srv/\S+);\n.*\n *try_files \$uri (@\w+);", text)
    assert [root for root, _next in tried] == ["/srv/www", "/srv/b", "/srv/c"]
    for (_root, name), following in zip(
        tried, [*(f"root {root};" for root, _name in tried[1:]), "proxy_pass http://app;"]
    ):
        assert following in block(text, f"location {name}")
    assert text.count(HIDDEN) == 1  # nginx has looked at it in the location
    text = site({**ROOT, "fallback_roots": ["/srv/b"]})
    assert re.search(r"root /srv/b;\n.*\n *try_files \$uri \$uri/ =404;", text)


def test_an_internal_prefix_is_internal_for_regular_expressions_too() -> None:
    text = site(
        {"path": "/", "upstream": "app", "x_accel_redirect": True},
        {"path": "/protected/", "root": "/srv", "internal": True},
        {"path": r"\.css$", "match": "regex", "root": "/srv"},
    )
    outer = block(text, "location ^~ /protected/")
    assert "internal;" in outer.split("location", 2)[1]
    assert r"\\.css$" in outer


@pytest.mark.parametrize("protocol", ["fastcgi", "uwsgi", "scgi"])
def test_an_application_below_a_path(protocol: str) -> None:
    location = {"path": "/a.b/", "upstream": "app", "protocol": protocol, "strip_prefix": True}
    text = site(location)
    assert r'fastcgi_split_path_info "(?s)^(/a\\.b)(/.*)$";' in text
    assert f"{protocol}_param SCRIPT_NAME $fastcgi_script_name;" in text
    assert f"{protocol}_param PATH_INFO $fastcgi_path_info;" in text
    text = site({**location, "strip_prefix": False})
    assert f'{protocol}_param SCRIPT_NAME "";' in text
    assert f"{protocol}_param PATH_INFO $uri;" in text


@pytest.mark.parametrize("protocol", ["fastcgi", "uwsgi", "scgi"])
def test_an_application_gets_the_effective_values_and_no_header_of_a_connection(protocol: str) -> None:
    variables = {
        **model({"path": "/", "upstream": "app", "protocol": protocol, "request_headers": {"X-Tenant": "a b"}}),
        "edge_trusted_proxies": ["10.0.0.0/8"],
    }
    files = rendered(variables, TARGETS["trixie"])
    shared = files[f"{protocol}_parameters.conf"]
    for line in ("REQUEST_SCHEME $edge_scheme", "HTTPS $edge_https if_not_empty", "SERVER_NAME $edge_host"):
        assert f"{protocol}_param {line};" in shared
    assert "HTTP_" not in shared
    text = files["sites/a.example.com.conf"]
    assert f'{protocol}_param HTTP_X_TENANT "a b" if_not_empty;' in text
    (dropped,) = (text for path, text in files.items() if path.startswith(f"{protocol}_dropped_headers"))
    for name in ("CONNECTION", "TE", "UPGRADE", "TRANSFER_ENCODING", "KEEP_ALIVE", "EXPECT", "PROXY"):
        assert f'{protocol}_param HTTP_{name} "" if_not_empty;' in dropped


def test_a_cache_of_an_application_is_its_own_and_divided_by_method() -> None:
    """nginx gives the empty response to a HEAD request to everybody otherwise."""
    location = {"path": "/b/", "upstream": "b", "protocol": "uwsgi", "cache": {"name": "pages"}}
    found = model({"path": "/", "upstream": "app", "cache": {"name": "pages"}}, location)
    upstreams = [*found["edge_upstreams"], {"name": "b", "servers": [{"address": "10.0.0.1:9000"}]}]
    variables = {**found, "edge_upstreams": upstreams, "edge_caches": [{"name": "pages"}]}
    files = rendered(variables, TARGETS["trixie"])
    text = files["sites/a.example.com.conf"]
    zones = re.findall(r"(proxy|uwsgi)_cache (\w+);", text)
    assert dict(zones).keys() == {"proxy", "uwsgi"}
    assert len(set(dict(zones).values())) == 2
    for protocol, zone in zones:
        assert f"{protocol}_cache_path /var/cache/nginx-edge/{zone} " in files["nginx.conf"]
    assert "$request_method" in re.findall(r'uwsgi_cache_key "(.*)";', text)[0]
    assert "$request_method" not in re.findall(r'proxy_cache_key "(.*)";', text)[0]
