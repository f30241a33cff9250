# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP: which paths execute which script, and what the rest of the site sends of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, errors, rendered
from ansible_collections.hardened.nginx_edge.tests.unit.plugin_utils.policy.test_access_rules import block, model

ROOT: dict[str, Any] = {"path": "/", "root": "/srv/www"}
PHP: dict[str, Any] = {**ROOT, "php": {"upstream": "php", "front_controller": "/index.php"}}
SOURCES = r"location ~* \.(?:php"
PHP_FPM = {"name": "php", "servers": [{"address": "unix:/run/php/php-fpm.sock"}]}


def with_php(*locations: dict[str, Any], **site: Any) -> dict[str, Any]:
    variables = model(*locations, **site)
    return {**variables, "edge_upstreams": [*variables["edge_upstreams"], PHP_FPM]}


def text_of(*locations: dict[str, Any], **site: Any) -> str:
    return rendered(with_php(*locations, **site), TARGETS["bullseye"])["sites/a.example.com.conf"]


def expressions(text: str) -> list[str]:
    """The expressions of locations that execute scripts, as Python writes them."""
    found = re.findall(r'location ~ "(.*edge_script.*)" \{', text)
    return [one.replace("\\\\", "\\").replace("(?<edge", "(?P<edge").replace(r"\z", r"\Z") for one in found]


def executed(path: str, php: dict[str, Any] | None = None, *others: dict[str, Any]) -> tuple[str, str] | None:
    """Script and PATH_INFO of a request."""
    (expression,) = expressions(text_of({**ROOT, "php": {"upstream": "php", **(php or {})}}, *others))
    found = re.search(expression, path)
    return (found["edge_script"], found["edge_path_info"] or "") if found else None


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/index.php", ("/index.php", "")),
        ("/index.php/a/b.php", ("/index.php", "/a/b.php")),
        ("/index.php/", ("/index.php", "/")),
        ("/a/b.c/d.php", ("/a/b.c/d.php", "")),
        ("/remote.php/dav/files/anna/.profile", ("/remote.php", "/dav/files/anna/.profile")),
        ("/image.jpg/x.php", ("/image.jpg/x.php", "")),
        ("/index.html", None),
        ("/index.php\n", None),
        ("/index.php5", None),
        ("/.git/x.php", None),
        ("/a/.hidden.php", None),
        ("/uploads/evil.php", None),
        ("/wp-content/uploads/2026/evil.php", None),
        ("/files/evil.php/x", None),
        ("/downloads/x.php", ("/downloads/x.php", "")),
    ],
)
def test_a_path_is_divided_into_script_and_path_info(path: str, found: tuple[str, str] | None) -> None:
    assert executed(path) == found


def test_folders_without_scripts_replace_the_default() -> None:
    php = {"no_scripts": ["media/up.load"]}
    assert executed("/uploads/x.php", php) == ("/uploads/x.php", "")
    assert executed("/a/media/up.load/x.php", php) is None
    assert executed("/a/media/upXload/x.php", php) == ("/a/media/upXload/x.php", "")
    assert executed("/uploads/x.php", {"no_scripts": []}) == ("/uploads/x.php", "")


def test_only_the_listed_scripts_are_executed() -> None:
    php = {"scripts": ["/index.php", "/admin/run.php"]}
    assert executed("/index.php/a", php) == ("/index.php", "/a")
    assert executed("/admin/run.php", php) == ("/admin/run.php", "")
    assert executed("/other.php", php) is None
    assert executed("/x/index.php", php) is None


def test_a_script_with_its_own_location_is_executed_only_there() -> None:
    """With a PATH_INFO it would evade the rules of that location."""
    own = {"path": "/login.php", "match": "exact", "return": {"status": 403}}
    assert executed("/login.php/x", None, own) is None
    assert executed("/login.php5.php/x", None, own) == ("/login.php5.php", "/x")
    assert executed("/a/login.php/x", None, own) == ("/a/login.php", "/x")


def test_a_script_is_looked_for_before_it_is_passed_on() -> None:
    text = text_of(PHP, {"path": "/login.php", "match": "exact", "root": "/srv/www", "php": {"upstream": "php"}})
    passes = [one for one in re.split(r"\n(?= *location )", text) if "fastcgi_pass php;" in one]
    assert len(passes) == 3
    assert "try_files $edge_script =404;" in passes[0]
    assert "fastcgi_param SCRIPT_FILENAME $realpath_root/index.php;" in passes[1]
    assert "try_files $uri =404;" in passes[2]


def test_no_location_of_the_site_sends_the_source_of_a_script() -> None:
    others: list[dict[str, Any]] = [
        {"path": "/media/", "root": "/srv/www"},
        {"path": "/static/", "alias": "/srv/www/static/"},
        {"path": r"\.css$", "match": "regex", "root": "/srv/www"},
        {"path": "/app/", "root": "/srv/www", "upstream": "app"},
    ]
    # Each prefix with files has a copy of the expression.
    assert text_of(PHP, *others).count(SOURCES) == len(others) + 5
    assert SOURCES not in text_of(ROOT, *others[:3])


def test_expressions_of_the_model_come_before_the_scripts() -> None:
    """nginx looks at the expressions inside a prefix first, and would execute /internal/x.php without their rules."""
    text = text_of(PHP, {"path": "^/internal/", "match": "regex", "upstream": "app", "allow": ["127.0.0.1"]})
    inside = block(text.split("server_name a.example.com")[2], "location /")
    assert inside.index("location ~ ^/internal/") < inside.index("edge_script")
    assert "deny all" in block(inside, "location ~ ^/internal/")


def test_a_protected_path_behind_a_script_is_refused() -> None:
    """A front controller takes /index.php/admin/ for /admin/."""
    text = text_of(PHP, {"path": "/admin/", "upstream": "app", "allow": ["127.0.0.1"]})
    found = [one.replace("\\\\", "\\") for one in re.findall(r'if \(\$uri ~ "(.*)"\)', text)]
    refused = [re.compile(one) for one in found]
    assert any(one.search("/index.php/admin/users") for one in refused)
    assert not any(one.search("/index.php/administration") or one.search("/admin/x.php") for one in refused)


def test_the_front_controller_is_behind_the_rules_of_its_location() -> None:
    """nginx has checked them before, and asks for a password only once."""
    text = text_of({**PHP, "basic_auth": {"users": "staff"}}, basic_auth={"users": "admins"})
    named = text[text.index("location @edge_") :]
    assert "auth_basic off;" in named
    assert text.count("auth_basic_user_file") == 2  # the site's and the location's


def test_the_root_of_another_container() -> None:
    text = text_of({**ROOT, "php": {"upstream": "php", "root": "/var/www/html/"}})
    assert "fastcgi_param SCRIPT_FILENAME /var/www/html$edge_script;" in text
    assert "fastcgi_param DOCUMENT_ROOT /var/www/html;" in text
    assert "fastcgi_param DOCUMENT_ROOT /;" in text_of({**ROOT, "php": {"upstream": "php", "root": "/"}})


def test_applications_have_no_idle_connections() -> None:
    files = rendered(with_php(PHP, {"path": "/app/", "upstream": "app"}), TARGETS["bullseye"])
    php, app = (block(files["upstreams.conf"], f"upstream {name}") for name in ("php", "app"))
    assert "keepalive" not in php
    assert "keepalive" in app


def test_a_build_without_the_protocol_is_refused() -> None:
    target = TARGETS["trixie"]
    arguments = (*target.configure_arguments, "--without-http_fastcgi_module")
    (error,) = errors(with_php(PHP), type(target)(target.version, target.openssl, arguments))
    assert error == (
        "edge_sites[0] (a.example.com).locations[0].php: FastCGI needs nginx not built --without-http_fastcgi_module; "
        "this host has an nginx 1.26.3 built without it"
    )
