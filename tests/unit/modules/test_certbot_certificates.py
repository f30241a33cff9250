# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``stale`` does not depend on the outcome of an order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import certificates
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import Handshake
from ansible_collections.hardened.nginx_edge.plugins.modules.certbot_certificates import run
from ansible_collections.hardened.nginx_edge.tests.unit.certbot_hosts import NOW, WANTED, Certbot, Edge, issuer, keep
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made
from ansible_collections.hardened.nginx_edge.tests.unit.decided import HOST


class Serving(Edge):
    """Serves one certificate under all names."""

    served = Handshake(made(*WANTED.names).certificate)

    def handshake(self, name: str) -> Handshake:
        return self.served


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(str(tmp_path / "tls"), str(tmp_path / "letsencrypt"), str(tmp_path / "letsencrypt.log"))


def test_a_certificate_is_stale_until_nginx_serves_it(folders: Folders, tmp_path: Path) -> None:
    pair = made(*WANTED.names)
    one = issuer(folders, tmp_path, Certbot(folders, pair))
    edge = Serving(one.webroot)
    one = replace(one, edge=edge)
    result, problems = run(one, [WANTED])
    assert (result["changed"], result["stale"], problems) == (True, ["a.example"], [])
    keep(folders, pair, webroot=one.webroot)
    result, _none = run(one, [WANTED])
    assert (result["changed"], result["stale"]) == (False, ["a.example"])
    assert run(replace(one, check_mode=True), [WANTED])[0]["stale"] == []
    edge.served = Handshake(pair.certificate)
    assert run(one, [WANTED])[0]["stale"] == []


def test_a_failed_order_reports_what_is_stale(folders: Folders, tmp_path: Path) -> None:
    """The pair of the failed certificate may have been replaced before certbot failed."""
    one = issuer(folders, tmp_path, Certbot(folders, made(*WANTED.names), says=["no", "no"]))
    one = replace(one, edge=Serving(one.webroot))
    certificates.install_all(HOST, folders, certificates.decide_all(HOST, folders, [WANTED], NOW))
    result, problems = run(one, [WANTED])
    assert (result["changed"], result["stale"], len(problems)) == (False, ["a.example"], 1)
