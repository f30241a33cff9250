# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers to backends and to clients: each block has the complete set, and what is dropped is published."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.policy.dropped_headers import DROPPED, GROUPS
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.policy.header_table import fitting
from ansible_collections.hardened.nginx_edge.tests.unit.models import GOLDEN, TARGETS, errors, rendered
from ansible_collections.hardened.nginx_edge.tools.reference import HEADERS, headers_page

MODEL = yaml.safe_load((GOLDEN / "headers" / "model.yml").read_text(encoding="utf-8"))
FORWARDED = ("Host", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port")


def blocks(text: str) -> list[str]:
    """All location blocks of a file, inner ones included."""
    found = re.finditer(r"^( *)location [^\n]* \{\n(?:.*?\n)??\1\}$", text, re.MULTILINE | re.DOTALL)
    return [one[0] for one in found]


def files(target: str = "trixie", **variables: Any) -> dict[str, str]:
    return rendered({**MODEL, **variables}, TARGETS[target])


def test_the_page_of_dropped_headers_is_up_to_date() -> None:
    assert Path(HEADERS).read_text(encoding="utf-8") == headers_page(), "run: make reference"


def test_no_name_is_on_the_list_twice() -> None:
    names = [name.lower() for group in GROUPS.values() for name in group]
    assert len(names) == len(set(names))
    assert not set(names) & {name.lower() for name in FORWARDED}


@pytest.mark.parametrize("protocol", ["proxy", "grpc", "fastcgi"])
def test_every_name_is_dropped_or_refused(protocol: str) -> None:
    """What nginx has no room for in a table of fixed size is refused by the location."""
    found = files()
    dropped = next(text for path, text in found.items() if path.startswith(f"{protocol}_dropped_headers"))
    names = {one.replace("_", "-").lower() for one in re.findall(r"(?:_header |_param HTTP_)(\S+) \"\"", dropped)}
    refused = set()
    for source in re.findall(r"map \"(\S+)\" \$edge_forged_", found["headers.conf"]):
        refused |= {one.replace("_", "-") for one in re.findall(r"\$http_(\w+)", source)}
    assert {name.lower() for name in DROPPED} <= names | (refused if protocol != "proxy" else set())


def test_a_block_with_one_header_has_all_of_them() -> None:
    text = files()["sites/www.example.com.conf"]
    own = [one for one in blocks(text) if re.search(r"(?:proxy|grpc)_set_header", one)]
    assert len(own) >= 2
    for block in own:
        assert "_dropped_headers" in block
        for name in FORWARDED:
            assert re.search(rf"_set_header {name} ", block), block


def test_a_block_with_one_added_header_has_all_of_them() -> None:
    text = files()["sites/www.example.com.conf"]
    wanted = set(re.findall(r"add_header (\S+)", text.split("ssl_certificate")[1].split("location")[0]))
    own = [one for one in blocks(text) if "add_header" in one and not re.search(r"\n +location", one)]
    assert own
    for block in own:
        assert wanted <= set(re.findall(r"add_header (\S+)", block))


def test_without_proxies_in_front_nobody_names_protocol_and_host() -> None:
    found = "".join(files(edge_trusted_proxies=[]).values())
    assert "$edge_trusted" not in found
    assert not re.search(r"\$http_x_forwarded_proto\b", found)
    assert not re.search(r"\$http_x_forwarded_host\b", found)
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in found


def test_behind_the_proxy_protocol_headers_name_nothing() -> None:
    """A load balancer that speaks it passes headers of clients on."""
    assert "$edge_trusted" not in "".join(files(edge_listen_proxy_protocol=True).values())


def test_names_that_fit_are_found_as_nginx_finds_them() -> None:
    assert fitting((), ("a", "b")) == {"a", "b"}
    many = tuple(f"x-{'long-' * 6}{number}" for number in range(600))
    assert 200 < len(fitting((), many)) < 512


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ({"request_headers": {"Connection": "x"}}, "request_headers.Connection: nginx writes this header"),
        ({"request_headers": {"X-Real-IP": "$http_x_real_ip"}}, "request_headers.X-Real-IP: has a value that clients"),
        ({"request_headers": {"X-A": "$uri"}}, "request_headers.X-A: invalid value (hidden)"),
        ({"request_headers": {"X-A": "a", "x-a": "b"}}, "request_headers: x-a is listed twice"),
        ({"pass_request_headers": ["X-Real-IP"]}, "pass_request_headers[0]: the edge sets X-Real-IP itself"),
        ({"pass_request_headers": ["Accept"]}, "pass_request_headers[0]: Accept is not a header that the edge drops"),
        ({"response_headers": {"set": {"Content-Type": "x"}}}, "response_headers.set.Content-Type: nginx or the edge"),
        ({"response_headers": {"set": {"X-Frame-Options": "x"}}}, "response_headers.set.X-Frame-Options: is one of"),
        ({"response_headers": {"set": {"X-A": ""}}}, "response_headers.set.X-A: has no value"),
        ({"security_headers_override": ["X-A"]}, "security_headers_override[0]: X-A has no value"),
    ],
)
def test_headers_that_would_mean_something_else_are_refused(location: dict[str, Any], error: str) -> None:
    model = {
        "edge_certificate_source": "self_signed",
        "edge_upstreams": [{"name": "app", "servers": [{"address": "10.0.0.1:80"}]}],
        "edge_sites": [{"name": "a.example.com", "locations": [{"path": "/", "upstream": "app", **location}]}],
    }
    found = errors(model)
    assert len(found) == 1, found
    assert found[0].startswith(f"edge_sites[0] (a.example.com).locations[0].{error}"), found


def test_the_application_keeps_its_own_security_headers() -> None:
    found = files()
    hidden = set(re.findall(r"proxy_hide_header (\S+);", found["nginx.conf"]))
    assert hidden == {"Alt-Svc", "X-Powered-By"}
    model = {**MODEL, "edge_security_headers_override": ["X-Frame-Options"]}
    assert "proxy_hide_header X-Frame-Options;" in rendered(model, TARGETS["trixie"])["nginx.conf"]


def test_a_backend_chooses_no_internal_location() -> None:
    found = files()["nginx.conf"]
    for protocol in ("proxy", "grpc", "fastcgi"):
        assert f"{protocol}_ignore_headers X-Accel-Redirect;" in found


def test_a_network_that_is_named_twice_is_written_once() -> None:
    """nginx warns of the second one."""
    found = files(edge_trusted_proxies=["10.1.0.0/16", "10.1.0.0/16", "10.1.0.0/16"])["nginx.conf"]
    assert found.count("10.1.0.0/16 1;") == 1


def test_raw_fastcgi_gets_the_identity_that_a_service_names() -> None:
    raw = "include /etc/nginx/fastcgi.conf; fastcgi_pass unix:/run/php.sock;"
    location = {"path": "/", "root": "/srv/www", "extra_directives": raw}
    model = {
        "edge_certificate_source": "self_signed",
        "edge_upstreams": [{"name": "app", "servers": [{"address": "10.0.0.1:80"}]}],
        "edge_sites": [
            {
                "name": "a.example.com",
                "auth_request": {"upstream": "app", "headers": ["X-Employee"]},
                "locations": [location, {**location, "path": "/open/", "public": True}],
            }
        ],
    }
    text = rendered(model, TARGETS["trixie"])["sites/a.example.com.conf"]
    assert "fastcgi_param HTTP_X_EMPLOYEE $edge_auth_x_employee if_not_empty;" in text
    assert 'fastcgi_param HTTP_X_EMPLOYEE "" if_not_empty;' in text
