# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of certbot, from recorded transcripts and logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme import failures
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders

TRANSCRIPTS = Path(__file__).resolve().parents[2] / "transcripts"


@pytest.mark.parametrize("transcript", sorted(TRANSCRIPTS.glob("certbot-*.txt")), ids=lambda path: path.stem)
def test_recorded_transcripts_are_reduced_to_what_matters(transcript: Path) -> None:
    words = failures.own_words(Completed([], 1, "", transcript.read_text()))
    assert any("onnection refused" in line for line in words)
    assert ("Domain: www.a.test" in words) is ("challenge" in transcript.stem)
    assert len(words) <= 5
    assert not any(line.startswith(("Saving", "Ask for help", "Hint", "To fix", "Please see")) for line in words)


def test_a_program_that_says_nothing_is_quoted_by_its_exit_code() -> None:
    assert failures.own_words(Completed([], 3, "", "")) == ["exit code 3, and nothing else"]


@pytest.mark.parametrize("log", sorted(TRANSCRIPTS.glob("renew-*-challenge-failed.log")), ids=lambda path: path.stem)
def test_each_certificate_has_the_last_error_of_the_authority(log: Path) -> None:
    found = failures.read_failures(Completed([], 1, "", ""), log.read_text())
    assert sorted(found) == ["a.test", "b.test"]
    for name, text in found.items():
        assert text.startswith("urn:ietf:params:acme:error:connection: Get ")
        assert f"{name}:80/.well-known" in text
        assert "connection refused" in text
        assert "\n" not in text


ENTRY = "2026-11-26 13:40:09,702:ERROR:certbot._internal.renewal:"


@pytest.mark.parametrize(
    ("log", "name", "wanted"),
    [
        (f"{ENTRY}Failed to renew certificate a.test with error: Requesting acme.test/dir: Connection refused\n"
         f"{ENTRY}All renewals failed.\n", "a.test", "Requesting acme.test/dir: Connection refused"),
        (f"{ENTRY}Failed to renew certificate a.test with error: urn:ietf:params:acme:error:rateLimited :: There were"
         f" too many requests of a given type ::\n too many certificates\n{ENTRY}x\n", "a.test",
         "urn:ietf:params:acme:error:rateLimited :: There were too many requests of a given type :: too many"
         " certificates"),
        (f"{ENTRY}Renewal configuration file /etc/letsencrypt/renewal/b.test.conf is broken.\n"
         f"{ENTRY}The error was: x\n", "b.test", "the renewal configuration cannot be used: is broken"),
        (f"{ENTRY}Renewal configuration file /etc/letsencrypt/renewal/b.test.conf (cert: b.test) produced an unexpected"
         f" error: no such file. Skipping.\n{ENTRY}x\n", "b.test",
         "the renewal configuration cannot be used: no such file. Skipping."),
    ],
)  # fmt: skip
def test_other_errors_are_those_of_certbot(log: str, name: str, wanted: str) -> None:
    assert failures.read_failures(Completed([], 1, "", ""), log) == {name: wanted}


def test_without_a_log_the_output_is_read() -> None:
    printed = (
        "Failed to renew certificate a.test with error: timeout\n"
        "Failed to renew certificate b.test with error: refused\nAll renewals failed. The following\n"
    )
    assert failures.read_failures(Completed([], 1, "", printed), "") == {"a.test": "timeout", "b.test": "refused"}
    assert failures.read_failures(Completed([], 1, "", "Another instance of Certbot is already running."), "") == {}


def test_a_refused_nonce_is_no_reason() -> None:
    nonce = '{"type": "urn:ietf:params:acme:error:badNonce", "detail": "old nonce"}'
    limit = '{"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many"}'
    end = f"{ENTRY}Failed to renew certificate a.test with error: Some challenges have failed.\n"
    found = failures.read_failures(Completed([], 1, "", ""), f"{limit}\n{nonce}\n{end}")
    assert found == {"a.test": "urn:ietf:params:acme:error:rateLimited: too many"}
    assert failures.Failure(found["a.test"]).limited


def test_no_line_prints_a_secret(tmp_path: Path) -> None:
    folders = Folders(str(tmp_path / "tls"), str(tmp_path), str(tmp_path / "log"))
    (tmp_path / "nginx-edge").mkdir()
    (tmp_path / "nginx-edge" / "a.test.dns.ini").write_text("dns_x_token = tops3cret\nother = 1\n")
    text = "refused tops3cret by http://ops:pa55word@proxy:3128 in 1 s"
    shown = failures.without_secrets(LocalHost(), folders, "a.test", text)
    assert shown == "refused (hidden) by http://(hidden)@proxy:3128 in 1 s"


def test_control_characters_and_long_texts_are_cut() -> None:
    assert failures.one_line("a\x1b[31m\r\n b") == "a [31m b"
    assert len(failures.one_line("x" * 1000)) == 401
