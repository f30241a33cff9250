# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Callable

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme import certbot
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.certbot import Lineage, Request
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.directory import Authority
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.issue import Issuer
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.dns import Challenge
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted
from ansible_collections.hardened.nginx_edge.tests.unit.certbot_hosts import (
    BY_FILE,
    CA,
    NOW,
    WANTED,
    WEBROOT,
    Edge,
    keep,
)
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import ScriptedHost, made
from ansible_collections.hardened.nginx_edge.tests.unit.faults import FaultyHost, die

TRANSCRIPTS = Path(__file__).resolve().parents[2] / "transcripts"


@pytest.fixture(scope="module")
def pair() -> Pair:
    return made(*WANTED.names)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(str(tmp_path / "tls"), str(tmp_path / "letsencrypt"))


def lineage(folders: Folders) -> Lineage | None:
    return certbot.read_lineage(LocalHost(), folders, "a.example")


def reasons(folders: Folders, wanted: Wanted = WANTED, now: datetime = NOW, webroot: str = WEBROOT) -> tuple[str, ...]:
    request = certbot.needed(lineage(folders), wanted, CA, Challenge("webroot", {"webroot_path": webroot}), now)
    return request.reasons if request else ()


def test_nothing_is_asked_for_what_is_as_wanted(folders: Folders, pair: Pair) -> None:
    keep(folders, pair)
    assert reasons(folders) == ()
    assert reasons(folders, replace(WANTED, names=("WWW.a.example".lower(), "a.example"))) == ()
    assert reasons(folders, replace(WANTED, key_size=4096)) == ()  # the size is that of RSA keys


def test_each_difference_is_a_reason(folders: Folders, pair: Pair) -> None:
    assert reasons(folders) == ("not issued yet",)
    keep(folders, pair)
    assert reasons(folders, replace(WANTED, names=("a.example", "new.example"))) == (
        "new: new.example",
        "no longer wanted: www.a.example",
    )
    assert reasons(folders, replace(WANTED, key_type="rsa")) == ("key type ecdsa, wanted rsa",)
    assert reasons(folders, now=NOW + timedelta(days=91)) == (f"expired on {pair.certificate.not_after:%Y-%m-%d}",)
    assert reasons(folders, webroot="/srv/other") == ("renewed with another folder, wanted webroot /srv/other",)
    overdue = f"expires on {pair.certificate.not_after:%Y-%m-%d}, and was not renewed"
    assert reasons(folders, now=NOW + timedelta(days=67)) == ()
    assert reasons(folders, now=NOW + timedelta(days=68)) == (overdue,)
    keep(folders, pair, server="https://staging.test/dir")
    assert reasons(folders) == ("issued by https://staging.test/dir, wanted https://acme.test/dir",)
    keep(folders, pair, authenticator="standalone")
    assert reasons(folders)[0].startswith("renewed by standalone")
    keep(folders, replace(pair, privkey=made("x.example").privkey))
    assert "does not match" in reasons(folders)[0]
    keep(folders, made(*WANTED.names, key_type="rsa"))
    assert reasons(folders, replace(WANTED, key_type="rsa", key_size=3072)) == ("key of 2048 bits, wanted 3072",)


COMMON = ["certbot", "certonly", "--non-interactive", "--webroot", "--webroot-path", WEBROOT]
COMMON += ["--cert-name", "a.example", "--server", "https://acme.test/dir"]
ACCOUNT = ["--email", "ops@a.example", "--no-eff-email", "--agree-tos"]
DOMAINS = ["--domain", "a.example", "--domain", "www.a.example"]
ECDSA = ["--key-type", "ecdsa", "--elliptic-curve", "secp256r1"]
RSA = ["--key-type", "rsa", "--rsa-key-size", "3072"]


@pytest.mark.parametrize(
    ("wanted", "new_names", "forced", "expected"),
    [
        (WANTED, False, False, [*COMMON, *ECDSA, *ACCOUNT, "--keep-until-expiring", *DOMAINS]),
        (WANTED, True, False, [*COMMON, *ECDSA, *ACCOUNT, "--renew-with-new-domains", *DOMAINS]),
        (
            replace(WANTED, key_type="rsa", key_size=3072),
            True,
            True,
            [*COMMON, *RSA, *ACCOUNT, "--force-renewal", "--renew-with-new-domains", *DOMAINS],
        ),
    ],
)
def test_the_command(wanted: Wanted, new_names: bool, forced: bool, expected: list[str]) -> None:
    assert certbot.arguments(Request(wanted, (), new_names, forced), CA, BY_FILE) == expected


def test_an_account_without_an_address_is_asked_for_openly() -> None:
    argv = certbot.arguments(Request(WANTED, (), False, False), replace(CA, email=None), BY_FILE)
    assert "--register-unsafely-without-email" in argv
    assert "--email" not in argv


def issuer(folders: Folders, tmp_path: Path, answers: Callable[[Sequence[str]], Completed | None]) -> Issuer:
    webroot = str(tmp_path / "acme")
    return Issuer(ScriptedHost(answers=answers), Edge(webroot), CA, webroot, folders)


def no_answer(_argv: Sequence[str]) -> Completed | None:
    """No program is stood in for."""
    return None


def certbot_that_issues(folders: Folders, tmp_path: Path, pair: Pair) -> Callable[[Sequence[str]], Completed | None]:
    def answer(argv: Sequence[str]) -> Completed | None:
        if argv[0] != "certbot":
            return None
        if "bad.example" in argv:
            transcript = (TRANSCRIPTS / "certbot-4.0-challenge-failed.txt").read_text()
            return Completed(argv, 1, "", transcript)
        keep(folders, pair, webroot=str(tmp_path / "acme"))
        return Completed(argv, 0, "", "")

    return answer


def test_first_issue_then_nothing(folders: Folders, tmp_path: Path, pair: Pair) -> None:
    one = issuer(folders, tmp_path, certbot_that_issues(folders, tmp_path, pair))
    (outcome,), problems = one.issue_all([WANTED], NOW)
    assert problems == []
    assert outcome.as_result() == {
        "name": "a.example",
        "state": "issued",
        "changed": True,
        "reasons": ["not issued yet"],
        "names": list(WANTED.names),
        "serial": pair.certificate.serial,
        "not_after": f"{pair.certificate.not_after:%Y-%m-%dT%H:%M:%SZ}",
    }
    assert key_pairs.read_pair(LocalHost(), folders.link("a.example")) == pair
    assert isinstance(one.host, ScriptedHost)
    assert one.host.environments[-1] == {"REQUESTS_CA_BUNDLE": "/etc/ssl/private-ca.pem"}
    assert list((tmp_path / "acme" / ".well-known" / "acme-challenge").iterdir()) == []
    started = len(one.host.ran)
    (again,), _problems = one.issue_all([WANTED], NOW)
    assert (again.state, again.changed) == ("kept", False)
    assert len(one.host.ran) == started


def test_a_kept_lineage_that_nginx_does_not_follow_yet_is_linked(folders: Folders, tmp_path: Path, pair: Pair) -> None:
    keep(folders, pair, webroot=str(tmp_path / "acme"))
    one = issuer(folders, tmp_path, no_answer)
    (planned,), _none = replace(one, check_mode=True).issue_all([WANTED], NOW)
    assert (planned.state, planned.changed) == ("kept", True)
    assert not LocalHost().exists(folders.link("a.example"))
    (outcome,), _none = one.issue_all([WANTED], NOW)
    assert (outcome.state, outcome.changed) == ("kept", True)
    assert LocalHost().readlink(folders.link("a.example")) == f".issued/a.example/{pair.digest}"


def test_check_mode_says_what_it_would_ask_for_and_asks_nothing(folders: Folders, tmp_path: Path) -> None:
    host = FaultyHost(ScriptedHost(no_answer), -1, die)
    one = replace(issuer(folders, tmp_path, no_answer), host=host, check_mode=True)
    (outcome,), problems = one.issue_all([WANTED], NOW)
    assert (outcome.state, outcome.changed, outcome.as_result()["reasons"]) == ("wanted", True, ["not issued yet"])
    assert problems == []
    assert host.count == 0


def test_one_failure_leaves_the_others_their_turn_and_speaks_in_the_words_of_the_authority(
    folders: Folders, tmp_path: Path, pair: Pair
) -> None:
    one = issuer(folders, tmp_path, certbot_that_issues(folders, tmp_path, pair))
    bad = replace(WANTED, name="bad.example", names=("bad.example",), path="edge_certificates[0]")
    outcomes, problems = one.issue_all([bad, WANTED], NOW)
    assert [outcome.wanted.name for outcome in outcomes] == ["a.example"]
    assert len(problems) == 1
    assert problems[0].startswith(
        "edge_certificates[0]: certbot got no certificate from https://acme.test/dir; it said:"
    )
    assert "127.0.0.9:80: connect: connection refused" in problems[0]
    assert not LocalHost().exists(folders.link("bad.example"))


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        ({"deaf": ["www.a.example"]}, "nothing answers on port 80"),
        ({"status": 404}, "answered with status 404 instead of the file"),
    ],
)
def test_the_authority_is_not_asked_when_the_edge_does_not_answer(
    folders: Folders, tmp_path: Path, edge: dict[str, Sequence[str] | int], message: str
) -> None:
    one = issuer(folders, tmp_path, no_answer)
    deaf_edge = Edge(one.webroot)
    for name, value in edge.items():
        setattr(deaf_edge, name, value)
    _none, (problem,) = replace(one, edge=deaf_edge).issue_all([WANTED], NOW)
    assert "no certificate was ordered" in problem
    assert message in problem
    assert isinstance(one.host, ScriptedHost)
    assert one.host.ran == []
    assert list((tmp_path / "acme" / ".well-known" / "acme-challenge").iterdir()) == []


@pytest.mark.parametrize(
    ("wanted", "authority", "message"),
    [
        (replace(WANTED, names=("*.a.example",)), CA, "wildcards only for a DNS challenge"),
        (WANTED, replace(CA, agree_tos=False), "set agree_tos to true"),
        (replace(WANTED, name="../up"), CA, "cannot name a certificate"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_is_asked(
    folders: Folders, tmp_path: Path, wanted: Wanted, authority: Authority, message: str
) -> None:
    one = issuer(folders, tmp_path, no_answer)
    _none, (problem,) = replace(one, authority=authority).issue_all([wanted], NOW)
    assert message in problem
    assert isinstance(one.host, ScriptedHost)
    assert one.host.ran == []


def test_a_host_without_certbot_is_told_so(folders: Folders, tmp_path: Path) -> None:
    one = issuer(folders, tmp_path, lambda argv: Completed(argv, 127, "", "certbot: command not found"))
    _none, (problem,) = one.issue_all([WANTED], NOW)
    assert problem == "certificate a.example: certbot is not installed"


def test_a_certificate_that_lacks_a_name_is_not_used(folders: Folders, tmp_path: Path) -> None:
    one = issuer(folders, tmp_path, certbot_that_issues(folders, tmp_path, made("a.example")))
    _none, (problem,) = one.issue_all([WANTED], NOW)
    assert "cannot be used: the certificate does not cover www.a.example" in problem
    assert not LocalHost().exists(folders.link("a.example"))
