# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of certbot: its own words after an order, and why the renewal of each certificate failed, in one line.

``certbot renew`` renews many certificates in one process and prints a line for each that failed (the same from version
1.12 to 5.5). The error of the ACME server is often only in the log, in its answers (RFC 8555, section 6.7).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..host.host import Completed, Host
from ..host.paths import Folders
from ..tls.dns import credentials_file

_MOST_LETTERS = 400
_FAILED = re.compile(r"Failed to renew certificate (?P<name>\S+) with error: ")
_INVALID = re.compile(
    r"Renewal configuration file (?P<path>\S+?\.conf) (?:\(cert: \S+\) produced an unexpected error: |is broken\.)"
)
_NEXT_ENTRY = re.compile(
    r"\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+:[A-Z]+:|\n\s*\n|\nFailed to renew|\nAll renewals failed|\n- - -"
)
_GENERIC = re.compile(r"Some challenges have failed|The following errors were reported")
_PROBLEM = re.compile(r'\{[^{}]*"urn:ietf:params:acme:error:[^{}]*\}')
_TRANSIENT = "urn:ietf:params:acme:error:badNonce"
_URL_PASSWORD = re.compile(r"(?<=://)[^/@\s]+:[^/@\s]+(?=@)")
_SHORTEST_SECRET = 6


@dataclass(frozen=True)
class Failure:
    """A failed renewal.

    :param message: the error in one line, without secrets.
    :param serial: serial number of the certificate that was not renewed; empty if it is not known.
    """

    message: str
    serial: str = ""

    @property
    def limited(self) -> bool:
        """Whether a rate limit of the ACME server was reached, so that a repetition would fail too."""
        return "urn:ietf:params:acme:error:rateLimited" in self.message


def read_failures(done: Completed, log: str) -> dict[str, str]:
    """The errors of a run of ``certbot renew``: name of the lineage -> error.

    :param log: the text that certbot logged; it may be empty.
    """
    found: dict[str, str] = {}
    for text in (log, f"{done.stdout}\n{done.stderr}"):
        start = 0
        for match in _FAILED.finditer(text):
            found.setdefault(match["name"], _reason(text[start : match.start()], text[match.end() :]))
            start = match.end()
        for match in _INVALID.finditer(text):
            name = os.path.basename(match["path"])[: -len(".conf")]
            said = one_line(_entry(text[match.end() :])) or "is broken"
            found.setdefault(name, f"the renewal configuration cannot be used: {said}")
    return found


def _reason(before: str, after: str) -> str:
    """The error of one certificate.

    :param before: the text since the failure before, with the answers of the ACME server.
    :param after: the text that begins with certbot's error.
    """
    said = one_line(_entry(after))
    if "urn:ietf:params:acme:error:" in said or not _GENERIC.search(said):
        return said
    return next(iter(reversed([*problems(before)])), said)


def _entry(text: str) -> str:
    return _NEXT_ENTRY.split(text, maxsplit=1)[0]


def problems(log: str) -> Iterator[str]:
    """The errors in the answers of the ACME server, in order, as ``type: detail``."""
    for match in _PROBLEM.finditer(log):
        try:
            problem = json.loads(match[0])
        except ValueError:
            continue
        if problem.get("type") != _TRANSIENT:
            yield one_line(f"{problem.get('type')}: {problem.get('detail') or 'no detail'}")


def one_line(text: str) -> str:
    """A text in one line of limited length, without control characters."""
    words = "".join(letter if letter.isprintable() else " " for letter in text).split()
    line = " ".join(words)
    return line if len(line) <= _MOST_LETTERS else f"{line[:_MOST_LETTERS]}…"


def without_secrets(host: Host, folders: Folders, name: str, text: str) -> str:
    """The text without passwords in URLs and without the DNS credentials of the certificate."""
    text = _URL_PASSWORD.sub("(hidden)", text)
    written = (host.read(credentials_file(folders.letsencrypt, name)) or b"").decode(errors="replace")
    values = (line.partition("=")[2].strip().strip("\"'") for line in written.splitlines())
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "(hidden)")
    return text


_NOISE = re.compile(
    r"Saving debug log|Ask for help or search|(Please )?[Ss]ee the logfile|Some challenges have failed|Plugins selected"
    r"|Attempting to|Requesting a certificate|Renewing an existing|Account registered|IMPORTANT NOTES|Obtaining a new"
    r"|Performing the|http-01 challenge for|Using the webroot path|Waiting for verification|Cleaning up challenges"
    r"|[- ]+$"
)
_MOST_WORDS = 12


def own_words(done: Completed) -> list[str]:
    """The lines with the errors of certbot or of the ACME server, without the other output of certbot."""
    paragraphs = re.split(r"\n\s*\n", f"{done.stdout}\n\n{done.stderr}")
    of_the_authority = [paragraph for paragraph in paragraphs if "Detail:" in paragraph]
    words: list[str] = []
    for line in "\n".join(of_the_authority or paragraphs).splitlines():
        said = line.strip()
        if said and not _NOISE.match(said) and said not in words:
            words.append(said)
    return words[:_MOST_WORDS] or [f"exit code {done.code}, and nothing else"]
