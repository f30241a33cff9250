# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made
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
)


def test_a_placeholder_stands_in_until_the_first_issue(folders: Folders) -> None:
    assert run(folders, ACME).changes
    pair = in_use(folders)
    assert pair.certificate.names == ACME.names
    assert pair.certificate.subject == "O=nginx-edge placeholder, CN=a.example"
    assert pair.certificate.is_self_signed
    assert not run(folders, ACME).changes
    assert in_use(folders) == pair


def test_a_lineage_takes_the_place_of_the_placeholder_and_never_gives_it_back(folders: Folders) -> None:
    run(folders, ACME)
    issued = made(*ACME.names)
    issue(folders, issued)
    assert run(folders, ACME).state == "lineage"
    assert HOST.readlink(folders.link("a.example")) == f".issued/a.example/{issued.digest}"
    assert in_use(folders) == issued
    for wanted, now in [
        (ACME, NOW),
        (replace(ACME, names=(*ACME.names, "new.example")), NOW),
        (ACME, NOW + timedelta(days=1000)),
    ]:
        decision = run(folders, wanted, now)
        assert not decision.changes
        assert in_use(folders) == issued
    assert decision.warnings == (f"the issued certificate expired on {issued.certificate.not_after:%Y-%m-%d}",)


def test_a_lineage_that_lacks_a_new_name_is_better_than_a_placeholder(folders: Folders) -> None:
    issue(folders, made("a.example"))
    decision = run(folders, ACME)
    assert (decision.state, decision.changes) == ("lineage", True)
    assert decision.warnings == ("the issued certificate does not cover www.a.example yet",)


@pytest.mark.parametrize("why", ["foreign", "expired", "mismatched"])
def test_a_lineage_that_helps_nobody_is_not_taken(folders: Folders, why: str) -> None:
    pair = made("other.example") if why == "foreign" else made(*ACME.names)
    issue(folders, replace(pair, privkey=made("x.example").privkey) if why == "mismatched" else pair)
    now = NOW + timedelta(days=91) if why == "expired" else NOW
    assert run(folders, ACME, now).state == "placeholder"


@DAMAGES
def test_a_broken_lineage_never_reaches_nginx(folders: Folders, damage: str) -> None:
    issued = made(*ACME.names)
    issue(folders, issued)
    run(folders, ACME)
    break_key(Path(folders.lineage("a.example")), damage)
    decision = run(folders, ACME)
    assert (decision.state, decision.changes, in_use(folders)) == ("lineage", False, issued)


@DAMAGES
def test_a_broken_pair_in_use_is_copied_again_from_its_lineage(folders: Folders, damage: str) -> None:
    issued = made(*ACME.names)
    issue(folders, issued)
    run(folders, ACME)
    break_key(Path(folders.link("a.example")), damage)
    decision = run(folders, ACME)
    assert (decision.state, decision.changes, in_use(folders)) == ("lineage", True, issued)


@DAMAGES
def test_without_any_good_pair_a_placeholder_takes_its_place_with_a_warning(folders: Folders, damage: str) -> None:
    issue(folders, made(*ACME.names))
    run(folders, ACME)
    break_key(Path(folders.lineage("a.example")), damage)
    break_key(Path(folders.link("a.example")), damage)
    decision = run(folders, ACME)
    assert decision.state == "placeholder"
    assert "a placeholder replaces it" in decision.warnings[0]
    assert in_use(folders).certificate.is_self_signed


def test_a_link_that_leads_into_the_lineage_itself_is_led_to_a_copy(folders: Folders) -> None:
    issued = made(*ACME.names)
    issue(folders, issued)
    Path(folders.tls).mkdir(parents=True)
    Path(folders.link("a.example")).symlink_to(folders.lineage("a.example"))
    assert run(folders, ACME).changes
    assert HOST.readlink(folders.link("a.example")) == f".issued/a.example/{issued.digest}"


def test_a_placeholder_is_renewed_for_a_new_name_and_in_time(folders: Folders) -> None:
    run(folders, ACME)
    first = in_use(folders)
    assert not run(folders, ACME, NOW + timedelta(days=366)).changes
    assert run(folders, ACME, NOW + timedelta(days=368)).changes
    assert in_use(folders) != first
    assert run(folders, replace(ACME, names=("b.example",))).changes


def test_a_provided_pair_serves_on_when_the_source_becomes_acme(folders: Folders) -> None:
    pair = made(*ACME.names)
    run(folders, provided(pair))
    assert not run(folders, ACME).changes
    assert in_use(folders) == pair
