# SPDX-License-Identifier: GPL-3.0-or-later
"""The files and server blocks that ``nginx -T`` shows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.configuration import (
    UNREADABLE,
    Server,
    default_sites,
    read_configuration,
    servers,
)
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import ScriptedHost

CONF = "/etc/nginx/nginx.conf"
MAIN = """user www-data;
http {
    upstream app { server 10.0.0.1:80; }
    map $uri $x { default ''; }
    include /etc/nginx/conf.d/*.conf;
    include sites-enabled/*;
    server { return 404; }
}
stream { include streams.d/*; }
mail { server { listen 25; protocol smtp; } }
"""
BLOG = """# the blog
server {
    listen 80;
    listen [::]:80;
    listen 443 ssl;
    server_name blog.test
        www.blog.test;
    include snippets/names;
    location / { return 200 "server { listen 1; }"; }
}
server { listen 8000-8010; listen 127.0.0.1; listen localhost:81; listen [::1]; listen unix:/run/x.sock; }
"""
FILES = {
    CONF: MAIN,
    "/etc/nginx/conf.d/munin.conf": "server { listen 443 quic reuseport; server_name munin.test; }",
    "/etc/nginx/sites-enabled/blog": BLOG,
    "/etc/nginx/snippets/names": "server_name more.test;\nlisten 82;\n",
    "/etc/nginx/streams.d/dns": "\n\nserver {\n  listen 53 udp;\n  proxy_pass 10.0.0.1:53;\n}\n",
}


def brief(one: Server) -> tuple[str, str, int, list[str], list[str]]:
    return one.kind, one.path.removeprefix("/etc/nginx/"), one.line, one.names, one.ports


def test_server_blocks_of_all_files_are_listed() -> None:
    assert [brief(one) for one in servers(FILES, CONF)] == [
        ("http", "conf.d/munin.conf", 1, ["munin.test"], ["443/udp"]),
        (
            "http",
            "sites-enabled/blog",
            2,
            ["blog.test", "www.blog.test", "more.test"],
            ["443/tcp", "80/tcp", "82/tcp"],
        ),
        ("http", "sites-enabled/blog", 11, [], ["80/tcp", "8000-8010/tcp", "81/tcp", "unix:/run/x.sock"]),
        ("http", "nginx.conf", 7, [], ["80/tcp"]),
        ("stream", "streams.d/dns", 3, [], ["53/udp"]),
        ("mail", "nginx.conf", 10, [], ["25/tcp"]),
    ]


def test_a_file_that_cannot_be_read_counts_as_a_site() -> None:
    (one,) = servers({CONF: "http { include x; }", "/etc/nginx/x": "server { listen 'a'b; }"}, CONF)[1:]
    assert (one.kind, one.path) == (UNREADABLE, "/etc/nginx/x")


def test_a_file_that_includes_itself_ends() -> None:
    files = {CONF: "http { include c.d/*; }", "/etc/nginx/c.d/a": "include c.d/*;", "/etc/nginx/c.d/.b": "server {}"}
    assert servers(files, CONF) == []


class DiskHost(ScriptedHost):
    """A host with files, whose nginx prints them."""

    def __init__(self, files: dict[str, str], printed: str = "", code: int = 0, stderr: str = "") -> None:
        self.files = files
        dump = printed or "".join(f"# configuration file {path}:\n{text}\n" for path, text in files.items())
        super().__init__(lambda argv: Completed(argv, code, dump if code == 0 else "", stderr))

    def read(self, path: str) -> bytes | None:
        return self.files[path].encode() if path in self.files else None


def test_a_dump_is_split_even_if_a_file_contains_a_header() -> None:
    files = {CONF: "include x;\n# configuration file /etc/nginx/fake:\nuser a;", "/etc/nginx/x": "# ümlaut"}
    assert read_configuration(DiskHost(files), CONF) == files


def test_a_file_that_changed_meanwhile_is_read_from_the_dump() -> None:
    printed = f"# configuration file {CONF}:\nold;\n\n# configuration file /etc/nginx/x:\nx;\n\n"
    found = read_configuration(DiskHost({CONF: "new;\n", "/etc/nginx/x": "x;\n"}, printed), CONF)
    assert {path: text.strip() for path, text in found.items()} == {CONF: "old;", "/etc/nginx/x": "x;"}


def test_a_rejected_configuration_is_an_error_with_the_message_of_nginx() -> None:
    stderr = 'nginx: [emerg] unknown directive "sever" in /etc/nginx/x:1\nnginx: configuration file x test failed\n'
    with pytest.raises(EdgeError, match="nginx rejects the configuration that this host has now") as caught:
        read_configuration(DiskHost({"/etc/nginx/x": "sever {}"}, code=1, stderr=stderr), CONF)
    assert caught.value.details == ('nginx says: unknown directive "sever" (x:1: sever {})',)


@pytest.mark.parametrize(("text", "found"), [("stock", {"/etc/nginx/sites-enabled/default"}), ("edited", set())])
def test_only_the_unchanged_default_site_of_the_package_is_a_default(text: str, found: set[str]) -> None:
    def dpkg(argv: Sequence[str]) -> Completed:
        digest = hashlib.md5(b"stock", usedforsecurity=False).hexdigest()
        return Completed(
            argv, 1, f" /etc/nginx/nginx.conf {'0' * 32}\n /etc/nginx/sites-available/default {digest}\n", ""
        )

    host = DiskHost({"/etc/nginx/sites-enabled/default": text, "/etc/nginx/sites-enabled/blog": "blog"})
    host.answers = dpkg
    assert default_sites(host, host.files) == found
