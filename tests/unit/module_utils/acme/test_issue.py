# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proofs by DNS, profiles, names and damages: what surrounds the order of a certificate."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme import certbot, issue
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.dns import (
    Challenge,
    credentials_file,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import Lookup
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import DnsPlugin, Wanted
from ansible_collections.hardened.nginx_edge.tests.unit.certbot_hosts import (
    CA,
    NOW,
    POLICY,
    WANTED,
    Certbot,
    Edge,
    issuer,
    keep,
    started,
)
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import ScriptedHost, made

RFC2136 = DnsPlugin("rfc2136", credentials_content='dns_rfc2136_secret = "secret"\n', propagation_seconds=10)
WILD = replace(WANTED, names=("*.a.example",), dns=RFC2136)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(str(tmp_path / "tls"), str(tmp_path / "letsencrypt"), str(tmp_path / "certbot.log"))


@pytest.fixture(scope="module")
def wild() -> Pair:
    return made("*.a.example")


@pytest.fixture(scope="module")
def pair() -> Pair:
    return made(*WANTED.names)


def test_credentials_are_for_root_alone_and_a_new_text_is_a_change(
    folders: Folders, tmp_path: Path, wild: Pair
) -> None:
    one = issuer(folders, tmp_path, Certbot(folders, wild))
    (outcome,), problems = one.issue_all([WILD], NOW)
    path = Path(credentials_file(folders.letsencrypt, "a.example"))
    assert (outcome.state, problems) == ("issued", [])
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (RFC2136.credentials_content, 0o600)
    assert started(one)[0][:9] == [
        *("certbot", "certonly", "--non-interactive", "--authenticator", "dns-rfc2136"),
        *("--dns-rfc2136-credentials", str(path), "--dns-rfc2136-propagation-seconds", "10"),
    ]
    assert "secret" not in " ".join(started(one)[0])
    assert "secret" not in repr(WILD)
    renewal = Path(folders.letsencrypt) / "renewal" / "a.example.conf"
    written = f"authenticator = dns-rfc2136\ndns_rfc2136_credentials = {path}\ndns_rfc2136_propagation_seconds = 10\n"
    renewal.write_text(f"[renewalparams]\nserver = {CA.directory_url}\n{written}")
    other = replace(WILD, dns=replace(RFC2136, credentials_content="dns_rfc2136_secret = other\n"))
    (planned,), _none = replace(one, check_mode=True).issue_all([other], NOW)
    assert (planned.state, planned.changed, path.read_text()) == ("kept", True, RFC2136.credentials_content)
    assert issue.describe([planned], CA)[1] == "a.example: new DNS credentials\n"
    (changed,), _none = one.issue_all([other], NOW)
    assert (changed.state, changed.changed, path.read_text()) == ("kept", True, "dns_rfc2136_secret = other\n")
    assert not one.issue_all([other], NOW)[0][0].changed
    assert len(started(one)) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("", ()),
        ("dns_rfc2136_propagation_seconds = 60", ("renewed with dns_rfc2136_propagation_seconds 60, wanted 10",)),
        ("dns_rfc2136_credentials = /root/dns.ini", ("renewed with dns_rfc2136_credentials /root/dns.ini, wanted /x",)),
        ("authenticator = webroot", ("renewed by webroot, wanted dns-rfc2136",)),
    ],
)
def test_another_way_to_renew_is_a_reason(change: str, reason: tuple[str, ...]) -> None:
    challenge = Challenge("dns-rfc2136", {"dns_rfc2136_credentials": "/x", "dns_rfc2136_propagation_seconds": "10"})
    written = {"authenticator": "dns-rfc2136", **challenge.options}
    if change:
        name, value = change.split(" = ")
        written[name] = value
    assert tuple(challenge.changes(written)) == reason


@pytest.mark.parametrize(("what", "option"), [("profile", "preferred_profile"), ("chain", "preferred_chain")])
def test_another_profile_or_chain_is_a_reason(folders: Folders, pair: Pair, what: str, option: str) -> None:
    wanted = replace(WANTED, profile="short") if what == "profile" else replace(WANTED, preferred_chain="short")
    keep(folders, pair)
    challenge = Challenge("webroot", {"webroot_path": "/var/lib/nginx-edge/acme"})

    def reasons(one: Wanted) -> tuple[str, ...]:
        request = certbot.needed(certbot.read_lineage(LocalHost(), folders, "a.example"), one, CA, challenge, NOW)
        return request.reasons if request else ()

    assert reasons(wanted) == (f"{what} of the authority, wanted short",)
    renewal = Path(folders.letsencrypt) / "renewal" / "a.example.conf"
    renewal.write_text(f'{renewal.read_text()}{option} = "short"\n')
    assert reasons(wanted) == ()
    assert reasons(WANTED) == (f"{what} short, wanted that of the authority",)


@pytest.mark.parametrize(
    ("version", "offered", "told"),
    [
        ("2.1.0-4", ["short"], "profile 'short' needs certbot 4.0 or newer; this host has certbot 2.1.0"),
        ("4.0.0-2", [], "https://acme.test/dir has no profile 'short' (it lists no profiles)"),
        ("4.0.0-2", ["classic", "tls"], "https://acme.test/dir has no profile 'short' (classic, tls)"),
        ("4.0.0-2", OSError("refused"), "https://acme.test/dir did not list its profiles: refused"),
    ],
)
def test_profiles_that_cannot_be_had(
    folders: Folders,
    pair: Pair,
    monkeypatch: pytest.MonkeyPatch,
    *,
    version: str,
    offered: list[str] | OSError,
    told: str,
) -> None:
    def profiles(_url: str, _bundle: str | None) -> list[str]:
        if isinstance(offered, OSError):
            raise offered
        return offered

    monkeypatch.setattr(issue, "read_profiles", profiles)
    one = issuer(folders, Path(folders.tls).parent, Certbot(folders, pair, version=version))
    _none, (problem,) = one.issue_all([replace(WANTED, profile="short")], NOW)
    assert problem == f"certificate a.example: {told}"
    assert started(one) == []


def test_a_profile_that_can_be_had_is_asked_for(
    folders: Folders, tmp_path: Path, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issue, "read_profiles", lambda _url, _bundle: ["short"])
    one = issuer(folders, tmp_path, Certbot(folders, pair))
    _outcomes, problems = one.issue_all([replace(WANTED, profile="short", preferred_chain="Root X")], NOW)
    assert problems == []
    argv = started(one)[0]
    assert argv[argv.index("--preferred-profile") + 1] == "short"
    assert argv[argv.index("--preferred-chain") + 1] == "Root X"


def test_staging_never_takes_the_place_of_a_good_certificate(folders: Folders, tmp_path: Path, pair: Pair) -> None:
    keep(folders, pair)
    staging = replace(CA, directory_url="https://acme-staging.test/dir")
    one = replace(issuer(folders, tmp_path, Certbot(folders, pair)), authority=staging)
    _none, (problem,) = one.issue_all([WANTED], NOW)
    assert "to allow this, run certbot delete --cert-name a.example" in problem
    assert started(one) == []


def test_names_without_an_address_are_told_before_the_authority_is_asked(
    folders: Folders, tmp_path: Path, pair: Pair
) -> None:
    one = issuer(folders, tmp_path, Certbot(folders, pair))
    assert isinstance(one.edge, Edge)
    one.edge.answers = {"www.a.example": Lookup(False, problem="Name or service not known")}
    _none, (problem,) = one.issue_all([WANTED], NOW)
    assert "the DNS has no address for www.a.example, so no certificate was ordered" in problem
    assert started(one) == []
    assert replace(one, check_names=False).issue_all([WANTED], NOW)[1] == []


def test_names_that_lead_elsewhere_or_nowhere_known_are_told(folders: Folders, tmp_path: Path, pair: Pair) -> None:
    one = issuer(folders, tmp_path, Certbot(folders, pair))
    assert isinstance(one.edge, Edge)
    one.edge.answers = {
        "a.example": Lookup(True, ("198.51.100.1", "198.51.100.2")),
        "www.a.example": Lookup(None, problem="Temporary failure in name resolution"),
    }
    (outcome,), _none = one.issue_all([WANTED], NOW)
    assert outcome.warnings == (
        "a.example resolves to 198.51.100.1, 198.51.100.2, not to this host; the validation request must reach this"
        " host all the same",
        "www.a.example could not be resolved (Temporary failure in name resolution)",
    )


@pytest.mark.parametrize("damage", ["junk", "archive alone"])
def test_a_damaged_lineage_is_set_aside_and_issued_anew(
    folders: Folders, tmp_path: Path, pair: Pair, damage: str
) -> None:
    one = issuer(folders, tmp_path, Certbot(folders, pair))
    if damage == "junk":
        keep(folders, pair)
        (Path(folders.lineage("a.example")) / "fullchain.pem").write_text("junk")
        Path(folders.tls).mkdir()
        Path(folders.link("a.example")).symlink_to(folders.lineage("a.example"))
    else:
        (Path(folders.letsencrypt) / "archive" / "a.example").mkdir(parents=True)
    (outcome,), problems = one.issue_all([WANTED], NOW)
    kept = Path(folders.letsencrypt) / "nginx-edge" / "damaged-a.example"
    assert (outcome.state, problems) == ("issued", [])
    assert outcome.warnings == (f"the damaged certificate is kept in {kept}",)
    assert "--keep-until-expiring" in started(one)[0]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert LocalHost().readlink(folders.link("a.example")) == f".issued/a.example/{pair.digest}"


def test_nginx_never_follows_a_lineage_that_is_set_aside(folders: Folders, tmp_path: Path, pair: Pair) -> None:
    keep(folders, pair)
    (Path(folders.lineage("a.example")) / "privkey.pem").write_text("junk")
    Path(folders.tls).mkdir()
    Path(folders.link("a.example")).symlink_to(folders.lineage("a.example"))
    one = issuer(folders, tmp_path, Certbot(folders, pair, ["no"]))
    assert len(one.issue_all([WANTED], NOW)[1]) == 1
    assert (Path(folders.link("a.example")) / "fullchain.pem").read_text().startswith("-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize(
    ("said", "version"),
    [
        (POLICY.format(installed="4.0.0-2+deb13u1", candidate="4.0.0-2+deb13u1"), "4.0.0"),
        (POLICY.format(installed="(none)", candidate="1:2.1.0-4"), "2.1.0"),
        ("", ""),
    ],
)
def test_the_version_of_certbot_is_that_of_its_package(said: str, version: str) -> None:
    assert certbot.read_version(ScriptedHost(lambda argv: Completed(argv, 0, said, ""))) == version


@pytest.mark.parametrize(
    ("days", "before", "after"),
    [
        (6, "", "renew_before_expiry = 72 hours\n"),
        (30, "", "renew_before_expiry = 240 hours\n"),
        (90, "", ""),
        (90, "renew_before_expiry = 72 hours\n", ""),
        (6, "renew_before_expiry = 240 hours\n", "renew_before_expiry = 72 hours\n"),
        (6, "renew_before_expiry = 2 days\n", "renew_before_expiry = 2 days\n"),
    ],
)
def test_short_lives_are_not_renewed_at_each_look(folders: Folders, days: int, before: str, after: str) -> None:
    keep(folders, made("a.example"))
    renewal = Path(folders.letsencrypt) / "renewal" / "a.example.conf"
    rest = renewal.read_text()
    renewal.write_text(before + rest)
    certbot.pace_renewals(LocalHost(), folders, "a.example", made("a.example", days=days).certificate)
    assert renewal.read_text() == after + rest
