# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import certificates as core
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.certificates import Decision
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import issued, made
from ansible_collections.hardened.nginx_edge.tests.unit.faults import Death, FaultyHost, die

HOST = LocalHost()
NOW = datetime.now(timezone.utc) + timedelta(minutes=5)  # pairs are made while the tests run
ACME = Wanted("a.example", ("a.example", "www.a.example"))
SELF = replace(ACME, source="self_signed")


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(str(tmp_path / "nginx" / "tls"), str(tmp_path / "letsencrypt"))


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


def test_a_placeholder_stands_in_until_the_first_issue(folders: Folders) -> None:
    assert run(folders, ACME).changes
    pair = in_use(folders)
    assert pair.certificate.names == ACME.names
    assert pair.certificate.subject == "O=nginx-edge placeholder, CN=a.example"
    assert pair.certificate.is_self_signed
    assert not run(folders, ACME).changes
    assert in_use(folders) == pair


def test_keys_are_readable_by_root_alone(folders: Folders) -> None:
    run(folders, ACME)
    folder = Path(folders.link("a.example")).resolve()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder / "privkey.pem", folder, folder.parent)}
    assert list(modes.values()) == [0o600, 0o700, 0o700]
    assert stat.S_IMODE(folder.parent.parent.stat().st_mode) == 0o700


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


def break_key(folder: Path, damage: str) -> None:
    privkey = folder / "privkey.pem"
    if damage == "missing":
        privkey.unlink()
    else:
        privkey.write_text("junk" if damage == "junk" else made("a.example").privkey)


DAMAGES = pytest.mark.parametrize("damage", ["missing", "junk", "other key"])


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


def test_self_signed_follows_names_and_key(folders: Folders) -> None:
    run(folders, SELF)
    first = in_use(folders)
    assert first.certificate.left(NOW) > timedelta(days=396)
    assert not run(folders, SELF, NOW + timedelta(days=366)).changes
    assert in_use(folders) == first
    assert run(folders, SELF, NOW + timedelta(days=368)).changes
    assert in_use(folders) != first
    assert run(folders, replace(SELF, key_type="rsa")).changes
    assert in_use(folders).certificate.key_size == 2048
    assert run(folders, replace(SELF, key_type="rsa", key_size=3072)).changes
    assert not run(folders, replace(SELF, key_type="rsa", key_size=3072)).changes
    assert run(folders, replace(SELF, names=("a.example",), key_type="rsa", key_size=3072)).changes


def test_provided_pairs_are_stored_once_and_the_one_before_is_kept(folders: Folders) -> None:
    first, second, third = (made(*ACME.names) for _count in range(3))
    for pair in (first, second, third):
        assert run(folders, provided(pair)).changes
        assert in_use(folders) == pair
        assert not run(folders, provided(pair)).changes
    assert store(folders) == sorted([second.digest, third.digest])


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


def test_a_stored_pair_that_was_damaged_is_written_again(folders: Folders) -> None:
    pair = made(*ACME.names)
    run(folders, provided(pair))
    (Path(folders.link("a.example")) / "fullchain.pem").write_text("junk")
    assert run(folders, provided(pair)).changes
    assert in_use(folders) == pair


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
