# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For the tests of decisions about certificates: certificates, and what happens to them on a host."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import certificates as core
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.decisions import Decision
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made

HOST = LocalHost()
NOW = datetime.now(timezone.utc) + timedelta(hours=1)  # pairs are made while the tests run
ACME = Wanted("a.example", ("a.example", "www.a.example"))
SELF = replace(ACME, source="self_signed")


def provided(pair: Pair, **changes: Any) -> Wanted:
    wanted = replace(ACME, source="provided", fullchain_content=pair.fullchain, privkey_content=pair.privkey)
    return replace(wanted, **changes)


def run(folders: Folders, wanted: Wanted, now: datetime = NOW) -> Decision:
    (decision,) = core.decide_all(HOST, folders, [wanted], now)
    core.install_all(HOST, folders, [decision])
    return decision


def in_use(folders: Folders, wanted: Wanted = ACME) -> Pair:
    return key_pairs.read_pair(HOST, folders.link(wanted.name))


def issue(folders: Folders, pair: Pair, name: str = "a.example") -> None:
    """Put a lineage where certbot would."""
    live = Path(folders.lineage(name))
    live.mkdir(parents=True, exist_ok=True)
    (live / "fullchain.pem").write_text(pair.fullchain)
    (live / "privkey.pem").write_text(pair.privkey)


def serve(folders: Folders, pair: Pair, source: str) -> None:
    """Bring a pair into use as its source would."""
    if source == "acme":
        issue(folders, pair)
        run(folders, ACME)
    else:
        key_pairs.point(HOST, folders.tls, ACME.name, key_pairs.store_pair(HOST, folders.tls, ACME.name, pair))


def store(folders: Folders) -> list[str]:
    return HOST.listdir(os.path.join(folders.tls, ".pairs", "a.example"))


DAMAGES = pytest.mark.parametrize("damage", ["missing", "junk", "other key"])
"""The ways in which :func:`break_key` breaks a pair."""


def break_key(folder: Path, damage: str) -> None:
    privkey = folder / "privkey.pem"
    if damage == "missing":
        privkey.unlink()
    else:
        privkey.write_text("junk" if damage == "junk" else made("a.example").privkey)
