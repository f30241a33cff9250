# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import certificates as core
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made
from ansible_collections.hardened.nginx_edge.tests.unit.decided import (
    ACME,
    HOST,
    NOW,
    in_use,
    provided,
    run,
    store,
)


def test_provided_pairs_are_stored_once_and_the_one_before_is_kept(folders: Folders) -> None:
    first, second, third = (made(*ACME.names) for _count in range(3))
    for pair in (first, second, third):
        assert run(folders, provided(pair)).changes
        assert in_use(folders) == pair
        assert not run(folders, provided(pair)).changes
    assert store(folders) == sorted([second.digest, third.digest])


def test_a_stored_pair_that_was_damaged_is_written_again(folders: Folders) -> None:
    pair = made(*ACME.names)
    run(folders, provided(pair))
    (Path(folders.link("a.example")) / "fullchain.pem").write_text("junk")
    assert run(folders, provided(pair)).changes
    assert in_use(folders) == pair


@pytest.mark.parametrize(("days", "message"), [(91, "the certificate expired on"), (-1, "is not valid before")])
def test_dates_of_a_provided_pair_are_checked(folders: Folders, days: int, message: str) -> None:
    with pytest.raises(EdgeError, match=message):
        core.decide_all(HOST, folders, [provided(made(*ACME.names))], NOW + timedelta(days=days))


def test_a_near_end_is_a_warning(folders: Folders) -> None:
    decision = run(folders, provided(made(*ACME.names, days=20)))
    assert decision.warnings == ("the provided certificate expires in 19 days",)


def test_a_chain_with_a_stranger_is_refused(folders: Folders) -> None:
    pair, other = made(*ACME.names), made("ca.example")
    with pytest.raises(EdgeError, match=r"'O=test, CN=ca\.example' issued none of the certificates before it"):
        core.decide_all(HOST, folders, [provided(pair, fullchain_content=pair.fullchain + other.fullchain)], NOW)
