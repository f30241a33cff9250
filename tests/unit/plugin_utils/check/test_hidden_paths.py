# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and sockets that the sandbox of nginx hides are reported before the switch."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import plan
from ansible_collections.hardened.nginx_edge.tests.unit.models import OPTIONS, TARGETS

APP = {"name": "app", "servers": [{"address": "10.0.0.1:80"}]}


def reported(service_options: tuple[str, ...] = (), **parts: Any) -> list[str]:
    location = {"path": "/", **parts.pop("location", {"upstream": "app"})}
    site = {"name": "a.test", "https": False, "locations": [location], **parts.pop("site", {})}
    model = {"edge_upstreams": [APP], "edge_sites": [site], **parts}
    found = plan(OPTIONS, model, TARGETS["trixie"], lambda _path: False, service_options=service_options)
    return [f"{one.path}: {one.reason}" for one in found.problems]


@pytest.mark.case("E8")
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"location": {"root": "/home/www/site"}}, "edge_sites[0] (a.test).locations[0].root: /home/www/site"),
        ({"location": {"alias": "/root/"}, "site": {}}, "edge_sites[0] (a.test).locations[0].alias: /root/"),
        (
            {"edge_upstreams": [{"name": "app", "servers": [{"address": "unix:/tmp/app.sock"}]}]},
            "edge_upstreams[0] (app).servers[0].address: /tmp/app.sock",
        ),
        (
            {"site": {"error_pages": [{"status": [502], "page": "/502.html", "root": "/home/www"}]}},
            "edge_sites[0] (a.test).error_pages[0].root: /home/www",
        ),
        (
            {"location": {"upstream": "app", "extra_directives": "access_log /var/tmp/a.log;"}},
            "edge_sites[0] (a.test).locations[0].extra_directives: /var/tmp/a.log",
        ),
        (
            {"edge_extra_directives": "upstream php { server unix:/run/user/33/php.sock; }"},
            "edge_extra_directives: /run/user/33/php.sock",
        ),
    ],
)
def test_hidden_paths_are_errors(parts: dict[str, Any], expected: str) -> None:
    (error,) = reported(**parts)
    assert error.startswith(f"{expected} is hidden from nginx by ")


def test_options_of_the_service_may_show_them() -> None:
    location = {"root": "/home/www/site"}
    assert reported(("ProtectHome=read-only",), location=location) == []
    assert reported(("BindReadOnlyPaths=/home/www",), location=location) == []
    assert len(reported(("PrivateTmp=no",), location=location)) == 1


def test_other_paths_are_not_reported() -> None:
    assert reported(location={"root": "/srv/home/tmp"}) == []
    assert reported(location={"upstream": "app", "extra_directives": "rewrite ^/tmp/(.*)$ /home/$1;"}) == []
