# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACME renewal information (RFC 9773): when the ACME server suggests to renew a certificate.

certbot asks for it only since version 4.1. Without it, a revoked certificate stays in use until it is due. Certificates
are still renewed by their age, also if the server does not answer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from ..host import paths
from ..host.host import Host, replace_file
from ..tls.x509 import X509Certificate
from .https import Answer, Https, WrongAnswerError

LEAST_WAIT, MOST_WAIT = 60.0, 86400.0
"""Limits for ``Retry-After`` in seconds, as RFC 9773, section 4.3.2, suggests."""
WAIT_AFTER_ERROR = 6 * 3600.0
"""Seconds until the next request after an error (RFC 9773, section 4.3.3)."""
BUDGET = 120.0
"""Seconds for all requests of one renewal; what was not asked then is asked first by the next renewal."""
_PRINTABLE = re.compile(r"https?://[!-~]{1,300}\Z")
_FRACTION = re.compile(r"(?<=:\d\d)\.\d+")


@dataclass(frozen=True)
class RenewalInfo:
    """The renewal information of one certificate. Times are seconds since the epoch.

    :param renew_at: a fixed random time in the suggested window; None if the server did not suggest any.
    :param ask_at: time of the next request.
    :param explanation: URL of a page with the reason; empty if there is none.
    :param problem: why the last request failed; empty if it did not.
    """

    renew_at: float | None
    ask_at: float
    explanation: str = ""
    problem: str = ""


Known = Mapping[str, RenewalInfo]
"""Certificate identifier -> renewal information."""


def identifier(certificate: X509Certificate) -> str:
    """The identifier of a certificate (RFC 9773, section 4.1); empty if it has no authority key identifier."""
    if not certificate.authority_key:
        return ""
    serial = bytes.fromhex(certificate.serial)
    if serial[0] & 0x80:  # DER encodes a positive number with a leading zero if its first bit is set
        serial = b"\0" + serial
    return f"{_base64url(certificate.authority_key)}.{_base64url(serial)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def read_known(host: Host) -> dict[str, RenewalInfo]:
    """The stored renewal information; empty if there is none, or if it cannot be read."""
    try:
        stored = json.loads(host.read(paths.RENEWAL_INFO_FILE) or b"{}")
        return {key: RenewalInfo(**one) for key, one in stored.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def ask_due(host: Host, client: Https, certificates: Sequence[tuple[X509Certificate, str]]) -> Known:
    """Ask the ACME servers about the certificates whose time has come, and store the answers.

    If a server does not answer, it is not asked about its other certificates in this call.

    :param certificates: the certificates, each with the directory URL of its ACME server.
    :returns: the renewal information of these certificates.
    :raises OSError: the answers cannot be stored.
    """
    before, now = read_known(host), host.now()
    servers = {key: server for one, server in certificates if (key := identifier(one)) and server}
    known = {key: before[key] for key in servers if key in before}
    end = host.monotonic() + BUDGET
    asking = _Asking(client, now)
    for key in sorted(servers, key=lambda key: known[key].ask_at if key in known else 0.0):
        # A clock that was wrong may have stored a time that is too far away.
        if key in known and now < known[key].ask_at <= now + MOST_WAIT:
            continue
        if host.monotonic() > end:
            break
        known[key] = asking.ask(servers[key], key, known.get(key))
    if known != before:
        data = json.dumps({key: asdict(one) for key, one in sorted(known.items())}, indent=1)
        replace_file(host, paths.RENEWAL_INFO_FILE, data.encode())
    return known


@dataclass(frozen=True)
class _Asking:
    """Requests to ACME servers at one time.

    :param addresses: directory URL -> URL for renewal information (empty if it has none), or why it does not answer.
    """

    client: Https
    now: float
    addresses: dict[str, str | OSError] = field(default_factory=dict)

    def ask(self, server: str, key: str, before: RenewalInfo | None) -> RenewalInfo:
        """The answer about one certificate; after an error, the time of the answer before is kept."""
        try:
            address = self._address(server)
            if not address:
                told = "the ACME server offers no renewal information"
                return RenewalInfo(None, self.now + MOST_WAIT, problem=told)
            return read_answer(self.client.get(f"{address.rstrip('/')}/{key}"), key, self.now)
        except OSError as error:
            if not isinstance(error, WrongAnswerError):
                self.addresses[server] = error
            problem = " ".join(str(error).split())
            renew_at, explanation = (before.renew_at, before.explanation) if before else (None, "")
            return RenewalInfo(renew_at, self.now + WAIT_AFTER_ERROR, explanation, problem)

    def _address(self, server: str) -> str:
        if server not in self.addresses:
            try:
                self.addresses[server] = str(self.client.get(server).content.get("renewalInfo") or "")
            except OSError as error:
                self.addresses[server] = error
        address = self.addresses[server]
        if isinstance(address, OSError):
            raise address
        return address


def read_answer(answer: Answer, key: str, now: float) -> RenewalInfo:
    """The renewal information in an answer.

    :raises WrongAnswerError: the answer has no valid window.
    """
    window = answer.content.get("suggestedWindow")
    if not isinstance(window, Mapping):
        raise WrongAnswerError("the answer has no suggestedWindow")
    start, end = _moment(window.get("start")), _moment(window.get("end"))
    if end <= start:
        raise WrongAnswerError("the suggestedWindow ends before it starts")
    told = str(answer.content.get("explanationURL") or "")
    explanation = told if _PRINTABLE.match(told) else ""
    return RenewalInfo(_time_in(start, end, key), now + _wait(answer.retry_after, now), explanation)


def _time_in(start: float, end: float, key: str) -> float:
    """A time in the window that is random, but always the same for this certificate and this window."""
    digest = hashlib.sha256(f"{key} {start} {end}".encode()).digest()
    return start + (end - start) * int.from_bytes(digest[:8], "big") / 2**64


def _moment(text: Any) -> float:
    """A time in RFC 3339 format as seconds since the epoch; fractions of seconds are left out."""
    try:
        # Python 3.9 reads neither Z nor fractions of any length.
        moment = datetime.fromisoformat(_FRACTION.sub("", str(text)).upper().replace("Z", "+00:00"))
    except ValueError as error:
        raise WrongAnswerError(f"the suggestedWindow has an invalid time: {str(text)[:40]!r}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _wait(retry_after: str, now: float) -> float:
    """Seconds until the next request, from a header with seconds or with a date (RFC 9110, section 10.2.3)."""
    try:
        seconds = float(retry_after) if retry_after.isdigit() else parsedate_to_datetime(retry_after).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        seconds = WAIT_AFTER_ERROR
    return min(max(seconds, LEAST_WAIT), MOST_WAIT)


def due(known: Known, certificate: X509Certificate, now: float) -> RenewalInfo | None:
    """The renewal information of a certificate whose time has come; None if it has not."""
    info = known.get(identifier(certificate))
    return info if info is not None and info.renew_at is not None and info.renew_at <= now else None
