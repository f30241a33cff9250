# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of sites: who listens where, and who answers unknown names there."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content, pack, unpack
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import build
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.summary import probes
from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, TEMPLATES, planned
from ansible_collections.hardened.nginx_edge.tools.nginx_text import statements

LOCATIONS = [{"path": "/", "return": {"status": 204}}]


def model(*sites: dict[str, Any], **variables: Any) -> dict[str, Any]:
    return {
        "edge_certificate_source": "self_signed",
        "edge_http3": "auto",
        "edge_sites": [
            {"name": f"{'abc'[number]}.test", "locations": LOCATIONS, **site} for number, site in enumerate(sites)
        ],
        **variables,
    }


def content_of(variables: dict[str, Any], target: str = "trixie") -> Content:
    found = planned(variables, TARGETS[target])
    assert found.problems == ()
    return build(found.edge, TARGETS[target], TEMPLATES, lambda _password, _salt: "").content


def listens(content: Content, path: str) -> list[str]:
    return [
        one.text.removeprefix("listen ") for one in statements(content.files[path]) if one.text.startswith("listen ")
    ]


def test_a_socket_without_a_default_site_has_a_server_for_unknown_names() -> None:
    content = content_of(model({"listen": ["443", "[2001:DB8::1]:8443"]}, {"listen": ["10.0.0.1:443"], "http3": "off"}))
    assert listens(content, "nginx.conf")[1:] == [
        "80 default_server",
        "[::]:80 default_server",
        "10.0.0.1:80 default_server",
        "443 ssl default_server",
        "[::]:443 ssl default_server",
        "[2001:db8::1]:8443 ssl default_server",
        "10.0.0.1:443 ssl default_server",
        "443 quic reuseport default_server",
        "[::]:443 quic reuseport default_server",
    ]


def test_a_default_site_takes_the_place_of_that_server() -> None:
    content = content_of(model({"default_server": True}, {"https": False, "listen": ["8080"]}, edge_ipv6=False))
    assert listens(content, "nginx.conf")[1:] == ["8080 default_server"]
    assert listens(content, "sites/a.test.conf") == [
        "80 default_server",
        "443 ssl default_server",
        "443 quic reuseport default_server",
    ]


def test_a_default_site_without_http3_leaves_it_to_the_others() -> None:
    content = content_of(model({"default_server": True, "http3": "off"}, {}, edge_ipv6=False))
    assert listens(content, "nginx.conf")[1:] == ["443 quic reuseport default_server"]


def test_http3_is_off_by_default_and_a_site_overrides_the_edge() -> None:
    variables = model({}, {"http3": "auto"}, {"http3": "off"})
    variables.pop("edge_http3")
    content = content_of(variables)
    assert [name for name in "abc" if "quic" in content.files[f"sites/{name}.test.conf"]] == ["b"]
    content = content_of({**variables, "edge_http3": "on"})
    assert [name for name in "abc" if "quic" in content.files[f"sites/{name}.test.conf"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("affinity", "http3", "target", "bound"),
    [
        ("auto", "off", "trixie", True),
        ("auto", "auto", "trixie", False),
        ("auto", "auto", "bookworm", True),
        ("on", "auto", "trixie", True),
        ("off", "off", "trixie", False),
    ],
)
def test_workers_are_bound_to_cores_without_http3(affinity: str, http3: str, target: str, bound: bool) -> None:
    content = content_of(model({}, edge_worker_cpu_affinity=affinity, edge_http3=http3), target)
    assert ("worker_cpu_affinity auto;" in content.files["nginx.conf"]) is bound


@pytest.mark.parametrize(
    ("edge", "site", "refused"),
    [("off", None, False), ("off", "auto", True), ("auto", None, True), ("on", "off", False)],
)
def test_a_stream_takes_the_udp_port_of_https_if_no_site_has_http3(edge: str, site: str | None, refused: bool) -> None:
    variables = model({} if site is None else {"http3": site}, edge_http3=edge)
    variables |= {
        "edge_upstreams": [{"name": "dns", "servers": [{"address": "10.0.0.1:53"}]}],
        "edge_streams": [{"name": "dns", "listen": 443, "protocol": "udp", "upstream": "dns"}],
    }
    problems = planned(variables, TARGETS["trixie"]).problems
    place = "edge_sites[0] (a.test).http3" if site else "edge_http3"
    taken = f"port 443/udp is already taken by {place}"
    assert [(one.reason, "turn HTTP/3 off" in one.remedy) for one in problems] == ([(taken, True)] if refused else [])


def test_the_certificate_for_unknown_names_goes_with_their_server() -> None:
    names = [
        [one["name"] for one in planned(model({"default_server": default}), TARGETS["bullseye"]).certificates]
        for default in (False, True)
    ]
    assert names == [["a.test", "unknown-names"], ["a.test"]]


def test_the_edge_itself_comes_without_the_proxy_protocol() -> None:
    variables = {"edge_listen_proxy_protocol": True, "edge_trusted_proxies": ["10.0.0.1"], "edge_ipv6": False}
    site = {"listen": ["8448", "10.0.0.1:8448", "127.0.0.1:8449"], "http3": "off"}
    content = content_of(model(site, **variables))
    assert listens(content, "sites/a.test.conf") == [
        "8448 ssl proxy_protocol",
        "127.0.0.1:8448 ssl",
        "10.0.0.1:8448 ssl proxy_protocol",
        "127.0.0.1:8449 ssl",
    ]


def test_older_nginx_has_http2_as_a_parameter_of_the_socket() -> None:
    content = content_of(model({"listen": ["8443"], "http2": "off"}, {}, edge_ipv6=False), "bookworm")
    assert listens(content, "nginx.conf")[2:] == ["8443 ssl default_server", "443 ssl http2 default_server"]


def test_the_host_is_told_where_to_find_a_site() -> None:
    sites: tuple[dict[str, Any], ...] = (
        {},
        {"listen": ["8448"], "aliases": ["www.b.test"]},
        {"listen": ["10.0.0.1:443"]},
    )
    content = content_of(model(*sites))
    expected = {
        "b.test": ("127.0.0.1", 8448, "b.test"),
        "www.b.test": ("127.0.0.1", 8448, "www.b.test"),
        "c.test": ("10.0.0.1", 443, "c.test"),
    }
    assert content.facts.sockets == unpack(pack(content)).facts.sockets == expected
    assert content.facts.tls_port == 443
    edge = planned(model(*sites), TARGETS["trixie"]).edge
    assert [(one["address"], one["port"]) for one in probes(edge)] == [
        ("127.0.0.1", 443),
        ("127.0.0.1", 8448),
        ("10.0.0.1", 443),
    ]


def test_a_site_on_another_address_only_is_not_found_on_loopback() -> None:
    assert content_of(model({"listen": ["10.0.0.1:443"]})).facts.tls_port is None


def test_a_name_of_its_certificate_is_asked_for_by_the_name_of_the_site() -> None:
    certificates = [{"name": "wild", "source": "self_signed", "names": ["*.test"]}]
    site = {"listen": ["10.0.0.1:443"], "certificate": "wild"}
    assert content_of(model(site, edge_certificates=certificates)).facts.sockets == {
        "a.test": ("10.0.0.1", 443, "a.test"),
        "*.test": ("10.0.0.1", 443, "a.test"),
    }
    usual = content_of(model(site, {"certificate": "wild"}, edge_certificates=certificates))
    assert usual.facts.sockets == {"a.test": ("10.0.0.1", 443, "a.test")}


def test_the_server_of_aliases_is_never_the_default() -> None:
    site = {"default_server": True, "aliases": ["www.a.test"], "redirect_aliases": True}
    found = [one for one in listens(content_of(model(site, edge_ipv6=False)), "sites/a.test.conf") if "443" in one]
    assert found == ["443 ssl", "443 quic", "443 ssl default_server", "443 quic reuseport default_server"]


@pytest.mark.parametrize(
    "sites",
    [
        ({"default_server": True}, {"listen": ["10.0.0.1:443"]}),
        (
            {"default_server": True, "listen": ["10.0.0.1:443"]},
            {"default_server": True, "listen": ["10.0.0.2:443"]},
        ),
        ({"default_server": True, "listen": ["127.0.0.1:443"]}, {}),
        ({}, {"listen": ["10.0.0.1:443"], "http2": "off"}),
    ],
)
@pytest.mark.parametrize("target", ["bookworm", "trixie"])
def test_each_socket_has_one_default(sites: tuple[dict[str, Any], ...], target: str) -> None:
    variables = {"edge_listen_proxy_protocol": True, "edge_trusted_proxies": ["10.0.0.9"]}
    content = content_of(model(*sites, **variables), target)
    every = [one for path in content.files for one in listens(content, path)]
    defaults = [one.split()[0] + (" quic" if "quic" in one else "") for one in every if "default_server" in one]
    sockets = {one.split()[0] + (" quic" if "quic" in one else "") for one in every}
    assert sorted(defaults) == sorted(sockets - {"127.0.0.1:8090"})
