# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide for upgrades of nginx, carried out as it stands while clients send requests."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.hardened.nginx_edge.molecule.tutorial.tests.guide import (
    FROM_THE_APPLICATION,
    HOST,
    Guide,
    curl,
)
from ansible_collections.hardened.nginx_edge.molecule.tutorial.tests.reader import Reader

NEWER_NGINX = """
set -e
mkdir -p /srv/upgrade/original && cd /srv/upgrade
[ -e original/nginx_*.deb ] || (cd original && apt-get download nginx nginx-common)
old=$(dpkg-deb --field original/nginx_*.deb Version)
rm -f Packages
for package in nginx nginx-common; do
    dpkg-deb --raw-extract original/"$package"_*.deb extracted
    sed -i "s/$old/$old+$0/g" extracted/DEBIAN/control
    dpkg-deb --build extracted "$package-$0.deb"
    rm -r extracted
    dpkg-deb --field "$package-$0.deb" >>Packages
    printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$package-$0.deb" "$(stat --format %s "$package-$0.deb")" \
        "$(sha256sum "$package-$0.deb" | cut -d' ' -f1)" >>Packages
done
echo 'deb [trusted=yes] file:/srv/upgrade ./' >/etc/apt/sources.list.d/upgrade.list
"""
"""Makes a repository with a newer version of nginx from the packages of the distribution."""
WATCH = """
while [ -e /tmp/watching ]; do
    curl --silent --insecure --max-time 20 --output /dev/null --write-out '%{http_code} ' \
        --resolve www.example.com:443:127.0.0.1 https://www.example.com/
    sleep 0.05
done
"""
LARGE = 6_000_000


@contextmanager
def watched() -> Iterator[list[str]]:
    """Send requests, one after another on new connections; when the block ends, the list has their status codes."""
    codes: list[str] = []
    Reader(HOST).run("touch /tmp/watching", "/")
    argv = ["docker", "exec", HOST, "sh", "-c", WATCH]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as client:
        try:
            yield codes
        finally:
            Reader(HOST).run("rm /tmp/watching", "/")
            codes += client.communicate(timeout=60)[0].split()


@pytest.fixture
def application() -> Iterator[str]:
    """The path of a large file of the application."""
    reader = Reader(HOST)
    reader.run(f"head -c {LARGE} /dev/urandom >/srv/first-hour/app/large", "/")
    yield "/large"
    reader.run("rm -r /srv/first-hour/app/large /srv/upgrade /etc/apt/sources.list.d/upgrade.list", "/")


def test_nginx_is_upgraded_under_a_live_edge(application: str) -> None:
    """First with a restart, then without a refused connection, during a download; in the end a version is pinned."""
    guide = Guide("upgrade-nginx", {"ANSIBLE_SKIP_TAGS": "exporter"}).start()
    guide.run("ansible-playbook site.yml -i prod --skip-tags nginx,exporter")
    guide.run(f"sh -c {shlex.quote(NEWER_NGINX)} first")
    with watched() as codes:
        guide.follow(until="Upgrade without a refused connection")
    assert _installed(guide).endswith("+first")
    assert (codes[0], codes[-1]) == ("200", "200")
    assert set(" ".join(codes).strip("20 ").split()) <= {"000"}, "refused more than once"

    guide.run(f"sh -c {shlex.quote(NEWER_NGINX)} second")
    before = guide.run("cat /run/nginx.pid")
    download = f"curl --silent --insecure --resolve www.example.com:443:127.0.0.1 https://www.example.com{application}"
    argv = ["docker", "exec", HOST, "sh", "-c", f"{download} --limit-rate 400k | wc -c"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as client, watched() as codes:
        guide.follow(since="Upgrade without a refused connection", until="Deploy for the new version")
        assert client.poll() is None, "the download ended before the upgrade"
        assert int(client.communicate(timeout=120)[0]) == LARGE
    assert set(codes) == {"200"}
    assert _installed(guide).endswith("+second")
    assert guide.run("cat /run/nginx.pid") != before

    guide.follow(since="Deploy for the new version")
    assert curl("https://www.example.com/") == (200, FROM_THE_APPLICATION)


def _installed(guide: Guide) -> str:
    return guide.run("dpkg-query --show --showformat '${Version}' nginx")
