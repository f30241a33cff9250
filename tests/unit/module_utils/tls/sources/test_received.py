# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import issued
from ansible_collections.hardened.nginx_edge.tests.unit.decided import ACME, NOW, in_use, issue, run, serve

RECEIVED = replace(ACME, source="received")


def test_a_placeholder_is_used_and_renewed_until_a_pair_is_received(folders: Folders) -> None:
    assert (run(folders, RECEIVED).state, run(folders, RECEIVED).changes) == ("placeholder", False)
    assert run(folders, RECEIVED, NOW + timedelta(days=368)).make


def test_a_received_pair_is_kept_with_warnings(folders: Folders, tmp_path: Path) -> None:
    pair = issued(tmp_path, "a.example")
    serve(folders, pair, "received")
    decision = run(folders, RECEIVED, NOW + timedelta(days=91))
    assert (decision.state, decision.changes, in_use(folders)) == ("received", False, pair)
    assert decision.warnings == (
        "the issued certificate does not cover www.a.example yet",
        f"the issued certificate expired on {pair.certificate.not_after:%Y-%m-%d}",
    )


def test_the_pair_of_this_edge_is_kept_until_another_is_received(folders: Folders, tmp_path: Path) -> None:
    pair = issued(tmp_path, *ACME.names)
    serve(folders, pair, "acme")
    issue(folders, issued(tmp_path, *ACME.names))
    assert (run(folders, RECEIVED).changes, in_use(folders)) == (False, pair)
