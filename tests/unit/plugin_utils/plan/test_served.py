# SPDX-License-Identifier: GPL-3.0-or-later
"""The names and ports of a model, which a takeover compares with those of the host."""

from __future__ import annotations

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import build
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.plan.served import served_names, served_ports
from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, TEMPLATES, planned

MODEL = {
    "edge_certificate_source": "self_signed",
    "edge_upstreams": [{"name": "app", "servers": [{"address": "10.0.0.1:80"}]}],
    "edge_http3": "auto",
    "edge_sites": [
        {"name": "a.example", "aliases": ["*.a.example"], "locations": [{"path": "/", "upstream": "app"}]},
    ],
    "edge_streams": [
        {"name": "tls", "listen": "8443", "ssl_preread": [{"names": ["b.example"], "upstream": "app"}]},
        {"name": "dns", "listen": "53", "protocol": "udp", "upstream": "app"},
    ],
    "edge_extra_directives": "server { listen 127.0.0.1:8099; server_name c.example; return 204; }",
}


def test_names_and_ports_of_all_parts_of_a_model() -> None:
    target = TARGETS["trixie"]
    found = planned(MODEL, target)
    assert found.problems == ()
    content = build(found.edge, target, TEMPLATES, lambda password, _salt: password).content
    assert served_names(found.edge) == ["a.example", "*.a.example", "b.example", "c.example"]
    assert served_ports(content.facts) == ["443/tcp", "443/udp", "53/udp", "80/tcp", "8090/tcp", "8099/tcp", "8443/tcp"]
