# SPDX-License-Identifier: GPL-3.0-or-later
"""A reload that would kill nginx is not tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content, Facts
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import EdgeHost

WITH_STREAMS = Facts(modules=("/usr/lib/nginx/modules/ngx_stream_module.so",))
HTTP_ONLY = Content({"nginx.conf": "# @GENERATION@\nlisten 80;\n"}, "aaaa", 8090, "0.1.0")
STREAMS = Content(
    {"nginx.conf": "# @GENERATION@\nlisten 80;\n", "stream_upstreams.conf": ""},
    "bbbb",
    8090,
    "0.1.0",
    facts=WITH_STREAMS,
)
MORE_STREAMS = Content({**STREAMS.files, "streams/a.conf": "listen 5432;\n"}, "cccc", 8090, "0.1.0", facts=WITH_STREAMS)


@pytest.fixture
def host(tmp_path: Path) -> EdgeHost:
    host = EdgeHost(tmp_path)
    host.loaded = {"ngx_stream_module", "ngx_stream_geoip_module"}
    return host


def run(host: EdgeHost, content: Content, *, allow_restart: bool = False) -> None:
    deploy(host, host.layout, content, check=False, allow_restart=allow_restart)
    reload_and_prove(host, host.layout, timeout=5, keep=3, allow_restart=allow_restart)


def verbs(host: EdgeHost) -> list[str]:
    done = {"-HUP": "reload"}
    return [done.get(argv[1], argv[1]) for argv in host.commands if argv[0] in ("systemctl", "kill")]


def test_what_the_package_configured_is_let_go_by_a_restart(host: EdgeHost) -> None:
    run(host, STREAMS)
    assert verbs(host) == ["restart"]


def test_a_generation_is_not_restarted_unasked(host: EdgeHost) -> None:
    run(host, HTTP_ONLY)
    with pytest.raises(EdgeError, match="ngx_stream_geoip_module loaded, and a reload that drops it would kill nginx"):
        run(host, STREAMS)
    assert verbs(host) == ["reload"]
    run(host, STREAMS, allow_restart=True)
    assert verbs(host) == ["reload", "restart"]


def test_nginx_lets_modules_go_once_it_has_a_stream_block(host: EdgeHost) -> None:
    run(host, STREAMS)
    run(host, MORE_STREAMS)
    assert verbs(host) == ["restart", "reload"]


def test_check_mode_goes_on_without_a_module_that_is_not_there_yet(host: EdgeHost) -> None:
    (told,) = deploy(host, host.layout, STREAMS, check=True, allow_restart=False).warnings
    assert told == "nginx: does not have ngx_stream_module yet; the configuration was rendered, but not tested"
