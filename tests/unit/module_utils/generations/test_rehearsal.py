# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode on an edge that has not yet what a real run would make first: certificates and cache folders."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content, Facts
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.rehearsal import rehearse
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import EdgeHost

SITE = """
ssl_certificate /etc/nginx/tls/a.test/fullchain.pem;
ssl_certificate_key /etc/nginx/tls/a.test/privkey.pem;
"""
PAIR = Facts(pairs=("/etc/nginx/tls/a.test",))
CACHE = "proxy_cache_path /var/cache/nginx-edge/pages levels=1:2 keys_zone=pages:1m;"


class PickyHost(EdgeHost):
    """Its nginx refuses missing files, and caches whose parent folder is missing; openssl is the real one."""

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120.0
    ) -> Completed:
        if argv[0] == "openssl":
            return LocalHost.run(self, argv, env=env, stdin=stdin, timeout=timeout)
        if list(argv[:2]) == ["nginx", "-t"]:
            text = self.conf_text(argv[3])
            wanted = re.findall(r"ssl_certificate(?:_key)? (\S+);", text)
            wanted += [str(Path(path).parent) for path in re.findall(r"proxy_cache_path (\S+)", text)]
            for path in wanted:
                if not Path(path).exists():
                    return Completed(argv, 1, "", f'nginx: [emerg] cannot open "{path}"\n')
        return super().run(argv, env=env, stdin=stdin, timeout=timeout)


@pytest.fixture
def host(tmp_path: Path) -> PickyHost:
    return PickyHost(tmp_path)


def test_what_is_not_there_yet_is_stood_in_for(host: PickyHost) -> None:
    before = sorted(Path(host.layout.root).rglob("*"))
    rehearse(host, host.layout, Content({"nginx.conf": CACHE, "sites/a.conf": SITE}, "aaaa", 8090, "0", facts=PAIR))
    assert sorted(Path(host.layout.root).rglob("*")) == before


def test_a_broken_pair_is_stood_in_for(host: PickyHost, monkeypatch: pytest.MonkeyPatch) -> None:
    read = host.read
    monkeypatch.setattr(host, "read", lambda path: b"broken" if path.startswith("/etc/nginx/tls/") else read(path))
    rehearse(host, host.layout, Content({"nginx.conf": SITE}, "aaaa", 8090, "0", facts=PAIR))


def test_what_a_real_run_would_not_make_is_still_missing(host: PickyHost) -> None:
    text = "ssl_certificate /nowhere/fullchain.pem;"
    with pytest.raises(EdgeError, match="/nowhere/fullchain"):
        rehearse(host, host.layout, Content({"nginx.conf": text}, "aaaa", 8090, "0", facts=Facts(pairs=("/nowhere",))))
