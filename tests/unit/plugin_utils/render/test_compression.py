# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules for compression follow the settings of gzip."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import build
from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, TEMPLATES, planned
from ansible_collections.hardened.nginx_edge.tools.nginx_text import statements


def written(variables: dict[str, Any], path: str) -> list[str]:
    found = planned(variables, TARGETS["trixie"])
    assert found.problems == ()
    files = build(found.edge, TARGETS["trixie"], TEMPLATES, lambda _password, _salt: "").content.files
    return [one.text for one in statements(files[path])]


SITE = {
    "name": "a.test",
    "https": False,
    "gzip": True,
    "locations": [{"path": "/", "root": "/srv", "gzip_static": True}, {"path": "/raw/", "root": "/srv", "gzip": False}],
}


@pytest.mark.parametrize("method", ["brotli", "zstd"])
def test_a_module_compresses_what_gzip_does(method: str) -> None:
    modules = [f"ngx_http_{method}_filter_module", f"ngx_http_{method}_static_module"]
    model = {"edge_modules": modules, "edge_gzip_types": ["text/css"], "edge_sites": [SITE]}
    assert {f"{method} on", f"{method}_min_length 1024", f"{method}_types text/css"} <= {*written(model, "nginx.conf")}
    lines = written(model, "sites/a.test.conf")
    assert [one for one in lines if one.startswith(method)] == [f"{method} on", f"{method}_static on", f"{method} off"]
    assert f"{method} off" in written({**model, "edge_gzip": False}, "nginx.conf")


def test_without_its_module_a_method_is_not_written() -> None:
    text = [*written({"edge_sites": [SITE]}, "nginx.conf"), *written({"edge_sites": [SITE]}, "sites/a.test.conf")]
    assert [one for one in text if "brotli" in one or "zstd" in one] == []
