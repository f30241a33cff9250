# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all sources have in common: what replaces a damaged pair, and what a certificate without changes costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Host
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import certificates as core
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import issued, made, without_public_half
from ansible_collections.hardened.nginx_edge.tests.unit.decided import (
    ACME,
    DAMAGES,
    HOST,
    NOW,
    break_key,
    in_use,
    issue,
    provided,
    run,
    serve,
)


@DAMAGES
@pytest.mark.parametrize("source", ["acme", "received"])
def test_an_older_pair_that_was_kept_is_better_than_a_placeholder(
    folders: Folders, tmp_path: Path, damage: str, source: str
) -> None:
    older, newer = issued(tmp_path, *ACME.names), issued(tmp_path, *ACME.names)
    for pair in (older, newer):
        serve(folders, pair, source)
    break_key(Path(folders.link("a.example")), damage)
    if source == "acme":
        break_key(Path(folders.lineage("a.example")), damage)
    decision = run(folders, replace(ACME, source=source))
    assert (decision.changes, in_use(folders)) == (True, older)
    assert "an earlier one replaces it" in decision.warnings[0]
    assert not run(folders, replace(ACME, source=source)).changes


@pytest.mark.parametrize("why", ["expired", "lacks a name", "placeholder"])
def test_an_older_pair_that_helps_nobody_is_not_taken(folders: Folders, tmp_path: Path, why: str) -> None:
    source = "received" if why == "placeholder" else "acme"
    older = {
        "expired": issued(tmp_path, *ACME.names, days=30),
        "lacks a name": issued(tmp_path, "a.example"),
        "placeholder": made(*ACME.names),
    }
    for pair in (older[why], issued(tmp_path, *ACME.names)):
        serve(folders, pair, source)
    break_key(Path(folders.link("a.example")), "junk")
    HOST.remove(folders.lineage("a.example"))
    decision = run(folders, replace(ACME, source=source), NOW + timedelta(days=31))
    assert (decision.state, decision.make) == ("placeholder", True)


def bring(folders: Folders, pair: Pair, source: str) -> Wanted:
    """Bring a pair into use, and return the certificate that it is for."""
    if source == "acme":
        issue(folders, pair)
    wanted = provided(pair) if source == "provided" else replace(ACME, source=source)
    if source == "received":
        serve(folders, pair, source)
    assert run(folders, wanted).changes is (source != "received")
    return wanted


@pytest.mark.parametrize("source", ["acme", "provided", "received"])
def test_a_pair_without_changes_is_read_once_and_starts_no_program(
    folders: Folders, tmp_path: Path, source: str
) -> None:
    wanted = bring(folders, without_public_half(issued(tmp_path, *ACME.names)), source)
    host = Counting()
    (decision,) = core.decide_all(host, folders, [wanted], NOW)
    assert not decision.changes
    assert host.calls == {"readlink": 1, "read": 4 if source == "acme" else 2}


@pytest.mark.parametrize("source", ["acme", "provided", "received"])
def test_a_key_that_was_changed_by_hand_is_compared_again(folders: Folders, tmp_path: Path, source: str) -> None:
    pair, other = (without_public_half(issued(tmp_path, *ACME.names)) for _count in range(2))
    wanted = bring(folders, pair, source)
    (Path(folders.link("a.example")) / "privkey.pem").write_text(other.privkey)
    assert run(folders, wanted).changes
    assert (in_use(folders) == pair) is (source != "received")


class Counting(LocalHost):
    """Counts the calls of its methods."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    def __getattribute__(self, name: str) -> Any:
        if name in Host.__dict__ and not name.startswith("_"):
            self.calls[name] += 1
        return super().__getattribute__(name)
