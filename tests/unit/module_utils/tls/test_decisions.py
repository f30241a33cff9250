# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What replaces a pair that is missing or damaged, whichever source it is from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import issued, made
from ansible_collections.hardened.nginx_edge.tests.unit.decided import (
    ACME,
    HOST,
    NOW,
    break_key,
    in_use,
    run,
    serve,
)

DAMAGES = pytest.mark.parametrize("damage", ["missing", "junk", "other key"])


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
