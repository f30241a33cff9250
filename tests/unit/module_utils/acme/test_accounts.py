# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account at an authority: bound by a secret key, registered again when unknown, unchanged when closed."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme import accounts
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.tests.unit.certbot_hosts import (
    CA,
    NOW,
    RENEWAL,
    WANTED,
    Certbot,
    account,
    issuer,
    started,
)
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made

BOUND = replace(CA, eab_kid="customer-1", eab_hmac_key="c2VjcmV0LWtleQ")
FORGOTTEN = "acme.messages.Error: urn:ietf:params:acme:error:accountDoesNotExist :: no such account\n"
CLOSED = "acme.messages.Error: urn:ietf:params:acme:error:unauthorized :: no :: Account has been deactivated\n"


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(str(tmp_path / "tls"), str(tmp_path / "letsencrypt"), str(tmp_path / "certbot.log"))


@pytest.fixture(scope="module")
def pair() -> Pair:
    return made(*WANTED.names)


def test_the_binding_key_is_read_from_a_file_for_root_alone(folders: Folders, tmp_path: Path, pair: Pair) -> None:
    Path(folders.letsencrypt).mkdir()
    (Path(folders.letsencrypt) / "cli.ini").write_text("max-log-backups = 0\n")
    program = Certbot(folders, pair)
    one = replace(issuer(folders, tmp_path, program), authority=BOUND)
    (outcome,), problems = one.issue_all([WANTED], NOW)
    assert (outcome.state, problems) == ("issued", [])
    assert program.settings == ["max-log-backups = 0\neab-kid = customer-1\neab-hmac-key = c2VjcmV0LWtleQ\n"]
    assert program.modes == [0o600]
    assert "c2VjcmV0LWtleQ" not in " ".join(started(one)[0])
    assert "c2VjcmV0LWtleQ" not in repr(BOUND)
    own = Path(folders.letsencrypt) / "nginx-edge"
    assert list(own.iterdir()) == []
    assert stat.S_IMODE(own.stat().st_mode) == 0o700


def test_a_forgotten_account_is_set_aside_and_renewals_follow(folders: Folders, tmp_path: Path, pair: Pair) -> None:
    old = account(folders, "468f30e9290a46e754dd2e6c5c11c1c5")
    program = Certbot(folders, pair, [FORGOTTEN])
    one = issuer(folders, tmp_path, program)
    renewal = Path(folders.letsencrypt) / "renewal" / "b.example.conf"
    renewal.parent.mkdir()
    other = renewal.with_name("c.example.conf")
    for path, server in ((renewal, CA.directory_url), (other, "https://other.test/dir")):
        text = {"folder": "/x", "account": old.name, "server": server, "authenticator": "webroot", "webroot": "/y"}
        path.write_text(RENEWAL.format(**text))
    (outcome,), problems = one.issue_all([WANTED], NOW)
    assert problems == []
    kept = Path(folders.letsencrypt) / "nginx-edge" / f"account-{old.name}"
    assert (kept / "regr.json").is_file()
    assert not old.exists()
    assert outcome.warnings == (
        f"https://acme.test/dir does not know the account; a new one is used, the old one is {kept}",
    )
    assert "account = new\n" in renewal.read_text()
    assert f"account = {old.name}\n" in other.read_text()


def test_it_is_tried_once_and_not_with_several_accounts(folders: Folders, tmp_path: Path, pair: Pair) -> None:
    account(folders, "a")
    again = issuer(folders, tmp_path, Certbot(folders, pair, [FORGOTTEN, FORGOTTEN]))
    _none, (problem,) = again.issue_all([WANTED], NOW)
    assert "accountDoesNotExist" in problem
    assert len(started(again)) == 2
    account(folders, "b")
    account(folders, "c")
    several = issuer(folders, tmp_path, Certbot(folders, pair, [FORGOTTEN]))
    assert len(several.issue_all([WANTED], NOW)[1]) == 1
    assert len(started(several)) == 1


def test_a_closed_account_is_left_to_people(folders: Folders, tmp_path: Path, pair: Pair) -> None:
    old = account(folders, "a")
    one = issuer(folders, tmp_path, Certbot(folders, pair, [CLOSED]))
    _none, (problem,) = one.issue_all([WANTED], NOW)
    assert f"was closed; to register a new one, move the old one away from {old.parent}" in problem
    assert old.exists()
    assert "Account has been deactivated" in problem
    assert len(started(one)) == 1


def test_what_the_log_said_of_earlier_runs_does_not_count(folders: Folders, tmp_path: Path, pair: Pair) -> None:
    old = account(folders, "a")
    Path(folders.log).write_text(FORGOTTEN)
    one = issuer(
        folders, tmp_path, Certbot(folders, pair, ["acme.messages.Error: urn:ietf:params:acme:error:dns :: no\n"])
    )
    _none, (problem,) = one.issue_all([WANTED], NOW)
    assert "urn:ietf:params:acme:error:dns :: no" in problem
    assert old.exists()
    assert len(started(one)) == 1


def test_a_renewal_without_its_account_is_ordered_again(folders: Folders, tmp_path: Path, pair: Pair) -> None:
    one = issuer(folders, tmp_path, Certbot(folders, pair))
    (outcome,), _none = one.issue_all([WANTED], NOW)
    assert outcome.state == "issued"
    (folder,) = Path(accounts.folder_of(folders.letsencrypt, CA.directory_url)).iterdir()
    folder.rename(tmp_path / "moved away")
    (planned,), _none = replace(one, check_mode=True).issue_all([WANTED], NOW)
    assert planned.request is not None
    assert "the account for its renewal does not exist" in planned.request.reasons
