# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renewal information: identifiers, answers, what is stored, and servers that do not answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme import renewal_info
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.https import Answer, WrongAnswerError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.renewal_info import RenewalInfo
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import paths
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.x509 import X509Certificate
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import issued

SERVER, INFO = "https://acme.test/dir", "https://acme.test/renewal-info"
START, END = 1_800_000_000.0, 1_800_086_400.0


class ClockedHost(LocalHost):
    """A host whose time is set by the test."""

    time = START - 1000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


class Authority:
    """Answers as told, and remembers what it was asked for."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def get(self, url: str) -> Answer:
        self.asked.append(url)
        answer = self.answers.get("directory", Answer({"renewalInfo": INFO})) if url == SERVER else self.answers["info"]
        if isinstance(answer, OSError):
            raise answer
        return Answer(*answer)


def window(start: float = START, end: float = END, **more: str) -> Mapping[str, Any]:
    def text(moment: float) -> str:
        return f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%dT%H:%M:%S}Z"

    return {"suggestedWindow": {"start": text(start), "end": text(end)}, **more}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> X509Certificate:
    return issued(tmp_path_factory.mktemp("authority"), "a.example").certificate


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClockedHost:
    monkeypatch.setattr(paths, "RENEWAL_INFO_FILE", str(tmp_path / "renewal-info.json"))
    return ClockedHost()


def ask(host: ClockedHost, authority: Authority, *certificates: X509Certificate) -> list[RenewalInfo]:
    known = renewal_info.ask_due(host, authority, [(one, SERVER) for one in certificates])
    return [known[renewal_info.identifier(one)] for one in certificates]


def test_the_identifier_is_that_of_the_rfc(certificate: X509Certificate) -> None:
    """The example of RFC 9773, section 4.1."""
    key = bytes.fromhex("69885B6B87464041E1B37B847BA0AE2CDE01C8D4")
    one = replace(certificate, authority_key=key, serial="87654321")
    assert renewal_info.identifier(one) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
    assert renewal_info.identifier(replace(one, serial="17654321")) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.F2VDIQ"
    assert renewal_info.identifier(replace(one, authority_key=b"")) == ""


def test_a_time_in_the_window_is_picked_once(host: ClockedHost, certificate: X509Certificate) -> None:
    (info,) = ask(host, Authority(info=(window(),)), certificate)
    assert info.renew_at is not None
    assert START <= info.renew_at < END
    host.time += renewal_info.MOST_WAIT + 1
    assert ask(host, Authority(info=(window(),)), certificate)[0].renew_at == info.renew_at
    other = replace(certificate, serial="0A")
    assert ask(host, Authority(info=(window(),)), other)[0].renew_at != info.renew_at
    known = renewal_info.read_known(host)
    assert renewal_info.due(known, other, START - 1) is None
    assert renewal_info.due(known, other, END) == known[renewal_info.identifier(other)]
    assert renewal_info.identifier(certificate) not in known  # it was replaced


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("21600", 21600),
        ("1", 60),
        ("9999999", 86400),
        ("", 21600),
        ("soon", 21600),
        ("Fri, 15 Jan 2027 09:00:00 GMT", 4600),
    ],
)
def test_the_server_is_asked_again_when_it_says_so(
    host: ClockedHost, certificate: X509Certificate, retry_after: str, seconds: int
) -> None:
    authority = Authority(info=(window(), retry_after))
    ask(host, authority, certificate)
    host.time += seconds - 1
    ask(host, authority, certificate)
    assert authority.asked == [SERVER, f"{INFO}/{renewal_info.identifier(certificate)}"]
    host.time += 2
    ask(host, authority, certificate)
    assert len(authority.asked) == 4


@pytest.mark.parametrize(
    "answers",
    [
        {"directory": OSError("refused")},
        {"directory": ({"newNonce": "x"},)},
        {"info": TimeoutError("timed out")},
        {"info": WrongAnswerError("status 404")},
        {"info": ({"suggestedWindow": "soon"},)},
        {"info": (window(END, START),)},
        {"info": ({"suggestedWindow": {"start": "x", "end": None}},)},
    ],
)
def test_an_error_keeps_what_was_known(host: ClockedHost, certificate: X509Certificate, answers: Any) -> None:
    (info,) = ask(host, Authority(**answers), certificate)
    assert info.renew_at is None
    assert info.problem
    host.time += renewal_info.MOST_WAIT + 1
    (good,) = ask(host, Authority(info=(window(explanationURL="https://acme.test/why"),)), certificate)
    assert (good.explanation, good.problem) == ("https://acme.test/why", "")
    host.time += renewal_info.MOST_WAIT + 1
    (after,) = ask(host, Authority(**answers), certificate)
    if answers.get("directory") != ({"newNonce": "x"},):
        assert (after.renew_at, after.explanation) == (good.renew_at, good.explanation)


def test_a_server_that_does_not_answer_is_asked_once(host: ClockedHost, certificate: X509Certificate) -> None:
    others = [replace(certificate, serial=f"0{number}") for number in range(1, 5)]
    authority = Authority(info=TimeoutError("timed out"))
    ask(host, authority, certificate, *others)
    assert len(authority.asked) == 2
    refusing = Authority(info=WrongAnswerError("status 404"))
    host.time += renewal_info.MOST_WAIT + 1
    ask(host, refusing, certificate, *others)
    assert len(refusing.asked) == 6


def test_hostile_answers_are_not_repeated(host: ClockedHost, certificate: X509Certificate) -> None:
    (info,) = ask(host, Authority(info=(window(explanationURL="https://acme.test/\x1b[31m evil"),)), certificate)
    assert info.explanation == ""


def test_fractions_and_offsets_are_read() -> None:
    told = {"suggestedWindow": {"start": "2027-01-15T08:00:00.255123456Z", "end": "2027-01-15t09:00:01+01:00"}}
    info = renewal_info.read_answer(Answer(told), "key", START)
    assert info.renew_at is not None
    assert START <= info.renew_at <= START + 1


@pytest.mark.parametrize("stored", ["", "[]", '{"x": 1}', '{"x": {"y": 1}}', "\x00"])
def test_a_damaged_file_is_like_none(host: ClockedHost, stored: str) -> None:
    Path(paths.RENEWAL_INFO_FILE).write_text(stored)
    assert renewal_info.read_known(host) == {}
