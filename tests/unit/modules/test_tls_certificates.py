# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``stale`` has the certificates that nginx does not serve, also after a run that ended before its reload."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import Handshake
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.x509 import X509Certificate
from ansible_collections.hardened.nginx_edge.plugins.modules.tls_certificates import run
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made
from ansible_collections.hardened.nginx_edge.tests.unit.decided import ACME, HOST, in_use, provided


class Nginx:
    """Serves the certificates that it was given; other names have no site."""

    def __init__(self) -> None:
        self.serves: dict[str, X509Certificate] = {}

    def handshake(self, name: str, key_type: str | None = None) -> Handshake:
        return Handshake(self.serves.get(name), refused=name not in self.serves)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(str(tmp_path / "nginx" / "tls"), str(tmp_path / "letsencrypt"))


def module(folders: Folders, nginx: Nginx, *wanted: Wanted, **options: Any) -> Any:
    return run(HOST, nginx, folders, list(wanted), **{"replace": True, "check_mode": False, **options})


def test_a_certificate_is_stale_until_nginx_serves_it(folders: Folders) -> None:
    nginx = Nginx()
    module(folders, nginx, ACME)
    nginx.serves = dict.fromkeys(ACME.names, in_use(folders).certificate)
    assert module(folders, nginx, ACME)["stale"] == []
    other = provided(made(*ACME.names))
    done = module(folders, nginx, other)
    assert (done["changed"], done["stale"]) == (True, ["a.example"])
    # The run ended here, before nginx was reloaded. The next one changes nothing.
    done = module(folders, nginx, other)
    assert (done["changed"], done["stale"]) == (False, ["a.example"])
    assert module(folders, nginx, other, check_mode=True)["stale"] == []
    nginx.serves = dict.fromkeys(ACME.names, in_use(folders).certificate)
    assert module(folders, nginx, other)["stale"] == []


def test_a_certificate_that_was_served_just_before_is_compared_only_after_a_change(folders: Folders) -> None:
    nginx = Nginx()
    known = {"known_current": ["a.example"]}
    module(folders, nginx, ACME)
    nginx.serves = dict.fromkeys(ACME.names, in_use(folders).certificate)
    other = provided(made(*ACME.names))
    assert module(folders, nginx, other, **known)["stale"] == ["a.example"]
    assert module(folders, nginx, other, **known)["stale"] == []
    assert module(folders, nginx, other)["stale"] == ["a.example"]


def test_a_postponed_certificate_is_not_stale_and_not_replaced(folders: Folders) -> None:
    nginx = Nginx()
    module(folders, nginx, ACME)
    nginx.serves = dict.fromkeys(ACME.names, in_use(folders).certificate)
    done = module(folders, nginx, provided(made(*ACME.names)), replace=False)
    assert (done["postponed"], done["stale"]) == (["a.example"], [])


def test_names_without_a_site_are_not_stale(folders: Folders) -> None:
    assert module(folders, Nginx(), ACME, replace(ACME, name="b"))["stale"] == []
