# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from dataclasses import replace
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
    SELF,
    break_key,
    in_use,
    provided,
    run,
    store,
)
from ansible_collections.hardened.nginx_edge.tests.unit.faults import Death, FaultyHost, die


def test_keys_are_readable_by_root_alone(folders: Folders) -> None:
    run(folders, ACME)
    folder = Path(folders.link("a.example")).resolve()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder / "privkey.pem", folder, folder.parent)}
    assert list(modes.values()) == [0o600, 0o700, 0o700]
    assert stat.S_IMODE(folder.parent.parent.stat().st_mode) == 0o700


def test_only_what_nginx_could_not_load_is_urgent(folders: Folders) -> None:
    broken, missing = (replace(SELF, name=name, names=(name,)) for name in ("broken.example", "missing.example"))
    run(folders, provided(made(*ACME.names)))
    run(folders, broken)
    break_key(Path(folders.link(broken.name)), "other key")
    other = provided(made(*ACME.names))
    decisions = core.decide_all(HOST, folders, [other, broken, missing], NOW)
    urgent, waiting = core.apart(HOST, folders, decisions)
    assert [one.wanted for one in urgent] == [broken, missing]
    assert [one.wanted for one in waiting] == [other]
    run(folders, other)
    kept = core.decide_all(HOST, folders, [other], NOW)
    assert core.apart(HOST, folders, kept) == (kept, [])


def test_all_wrong_pairs_are_refused_together_and_nothing_is_written(folders: Folders) -> None:
    good, stranger = made(*ACME.names), made("a.example")
    wrong = [
        (provided(good, privkey_content=stranger.privkey), "the private key does not match the certificate"),
        (provided(stranger), "the certificate does not cover www.a.example (it has a.example)"),
        (provided(good, fullchain_content="junk"), "the certificate file contains no certificate"),
        (provided(good, fullchain_content=good.fullchain + good.fullchain[:200]), ""),
        (provided(good, privkey_content=""), "the certificate chain or the private key is empty"),
        (provided(good, name="../up"), "'../up' cannot name a certificate"),
    ]
    wanted = [replace(one, path=f"edge_certificates[{place}]") for place, (one, _message) in enumerate(wrong)]
    with pytest.raises(EdgeError) as caught:
        core.decide_all(HOST, folders, [*wanted, ACME], NOW)
    for place, (_one, message) in enumerate(wrong):
        found = [line for line in caught.value.details if line.startswith(f"edge_certificates[{place}]: {message}")]
        assert len(found) == (1 if message else 0)
    assert good.privkey not in str(caught.value)
    assert not os.path.exists(folders.tls)


def test_a_folder_in_the_place_of_a_link_is_an_error(folders: Folders) -> None:
    os.makedirs(folders.link("a.example"))
    with pytest.raises(EdgeError, match="is not a symbolic link: move it away"):
        core.decide_all(HOST, folders, [ACME], NOW)


def test_one_that_cannot_be_made_leaves_the_others_their_turn(folders: Folders) -> None:
    impossible = replace(SELF, name="bad", names=("no good name",))
    decisions = core.decide_all(HOST, folders, [impossible, ACME], NOW)
    with pytest.raises(EdgeError, match="certificate bad: 'no good name' is not allowed in a certificate"):
        core.install_all(HOST, folders, decisions)
    assert in_use(folders).certificate.names == ACME.names


def test_deciding_changes_nothing(folders: Folders) -> None:
    host = FaultyHost(HOST, -1, die)
    core.decide_all(host, folders, [ACME, replace(SELF, name="s"), provided(made(*ACME.names), name="p")], NOW)
    assert host.count == 0
    assert not os.path.exists(folders.tls)


def test_a_death_at_any_effect_leaves_the_old_pair_or_the_new_one(folders: Folders, tmp_path: Path) -> None:
    """And the run after it comes to the same end as if nothing had happened."""
    old, new = made(*ACME.names), made(*ACME.names)
    for at in range(1000):
        fresh = replace(folders, tls=str(tmp_path / str(at)))
        run(fresh, provided(old))
        (decision,) = core.decide_all(HOST, fresh, [provided(new)], NOW)
        host = FaultyHost(HOST, at, die)
        try:
            core.install_all(host, fresh, [decision])
        except Death:
            assert in_use(fresh) in (old, new)
            run(fresh, provided(new))
            assert in_use(fresh) == new
            assert HOST.listdir(fresh.tls) == [".pairs", "a.example"]
            assert set(store(fresh)) <= {old.digest, new.digest}
            continue
        break
    assert at > 10
    assert host.count <= at


def test_a_death_during_the_first_placeholder_never_leaves_half_a_pair(folders: Folders, tmp_path: Path) -> None:
    for at in range(1000):
        fresh = replace(folders, tls=str(tmp_path / str(at)))
        (decision,) = core.decide_all(HOST, fresh, [ACME], NOW)
        try:
            core.install_all(FaultyHost(HOST, at, die), fresh, [decision])
        except Death:
            if HOST.exists(fresh.link("a.example")):
                in_use(fresh)
            run(fresh, ACME)
            in_use(fresh)
            continue
        break
    assert at > 10
