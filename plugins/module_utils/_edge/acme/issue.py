# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Issues all certificates of a host: orders those that are needed, deploys them, and collects the errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Folders
from ..tls import key_pairs
from ..tls.certificates import collecting, decide, install
from ..tls.dns import Challenge, challenge_of, credentials_file, differs, write_credentials
from ..tls.key_pairs import Pair
from ..tls.served import EdgeClient
from ..tls.wanted import Wanted
from ..tls.x509 import X509Certificate, iso
from . import certbot
from .certbot import Lineage, Request
from .directory import PROFILES_SINCE, STAGING, Authority, read_profiles
from .failures import Failure, one_line
from .preflight import look_up, prove_challenge_path


@dataclass(frozen=True)
class IssueResult:
    """The result for one certificate.

    :param state: ``issued``, ``kept``, or in check mode ``wanted``.
    :param linked: whether the link that nginx reads was switched.
    :param credentials: whether the DNS credentials were written.
    :param warnings: warnings, such as a name that resolves to another host or an account that was replaced.
    :param failure: why a failed renewal could not be repeated; the current certificate is kept.
    """

    wanted: Wanted
    state: str
    request: Request | None = None
    certificate: X509Certificate | None = None
    linked: bool = False
    credentials: bool = False
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def changed(self) -> bool:
        return self.state in {"issued", "wanted"} or self.linked or self.credentials

    def as_result(self) -> dict[str, Any]:
        own = self.certificate
        return {
            "name": self.wanted.name,
            "state": self.state,
            "changed": self.changed,
            "reasons": list(self.request.reasons) if self.request else [],
            "names": list(own.names if own else self.wanted.names),
            "serial": own.serial if own else None,
            "not_after": iso(own.not_after) if own else None,
        }


@dataclass(frozen=True)
class Issuer:
    """Issues certificates; it holds the host, a client of the edge, the ACME server, and the directories.

    :param check_names: resolve the names before an order.
    :param failures: certificates that were not renewed -> the error; they are ordered here if the cause may be gone.
    """

    host: Host
    edge: EdgeClient
    authority: Authority
    webroot: str
    folders: Folders
    check_mode: bool = False
    check_names: bool = True
    failures: Mapping[str, Failure] = field(default_factory=dict)

    def issue_all(self, wanted: Sequence[Wanted], now: datetime) -> tuple[list[IssueResult], list[str]]:
        """The results of all certificates that succeeded, and the errors of those that failed."""
        outcomes: list[IssueResult] = []
        problems: list[str] = []
        for one in wanted:
            with collecting(problems, one):
                outcomes.append(self.issue(one, now))
        return outcomes, problems

    def issue(self, wanted: Wanted, now: datetime) -> IssueResult:
        key_pairs.check_name(wanted.name)
        _refuse_wildcards(wanted)
        path = credentials_file(self.folders.letsencrypt, wanted.name)
        challenge = challenge_of(wanted.dns, wanted.name, self.webroot, self.folders.letsencrypt)
        lineage = certbot.read_lineage(self.host, self.folders, wanted.name)
        request = certbot.needed(lineage, wanted, self.authority, challenge, now)
        kept = lineage.pair if lineage else None
        fresh = differs(self.host, wanted.dns, path)
        if request is not None:
            self._refuse(wanted, lineage, now)
        if fresh and wanted.dns is not None and not self.check_mode:
            write_credentials(self.host, wanted.dns, path)
        if request is None and kept is not None:  # a missing or damaged pair always has a request
            result = IssueResult(wanted, "kept", None, kept.certificate, credentials=fresh)
            renewal = self._renewal(wanted)
            if renewal is None:
                return replace(result, linked=self._link(wanted, kept))
            if self.check_mode:
                return replace(result, state="wanted", request=renewal)
            try:
                return replace(self._order(renewal, challenge, lineage, now), credentials=fresh)
            except (EdgeError, OSError) as error:
                again = Failure(one_line(str(error)), kept.certificate.serial)
                told = f"this run could not renew it either: {again.message}"
                return replace(result, linked=self._link(wanted, kept), warnings=(told,), failure=again)
        if request is None or self.check_mode:
            return IssueResult(wanted, "wanted", request, kept.certificate if kept else None, credentials=fresh)
        return replace(self._order(request, challenge, lineage, now), credentials=fresh)

    def _renewal(self, wanted: Wanted) -> Request | None:
        """The request that repeats a failed renewal; a rate limit of the ACME server is left to the timer."""
        failure = self.failures.get(wanted.name)
        if failure is None or failure.limited:
            return None
        return Request(wanted, (f"its renewal failed: {failure.message}",), new_names=False, forced=True)

    def _order(self, request: Request, challenge: Challenge, lineage: Lineage | None, now: datetime) -> IssueResult:
        """Order a certificate, check it, and link it for nginx; raises ``EdgeError`` if it was not issued."""
        wanted = request.wanted
        warnings = self._prove(wanted)
        warnings += self._clear_away(wanted, lineage, now)
        warnings.append(certbot.order(self.host, request, self.authority, challenge, self.folders))
        pair = key_pairs.read_pair(self.host, self.folders.lineage(wanted.name))
        # The clocks of the ACME server and of this host may differ slightly.
        wrong = list(key_pairs.problems_of(pair.chain, wanted.names, max(now, pair.certificate.not_before)))
        if wrong:
            raise EdgeError(f"the issued certificate cannot be used: {'; '.join(wrong)}")
        certbot.pace_renewals(self.host, self.folders, wanted.name, pair.certificate)
        told = tuple(text for text in warnings if text)
        linked = self._link(wanted, pair)
        return IssueResult(wanted, "issued", request, pair.certificate, linked=linked, warnings=told)

    def _refuse(self, wanted: Wanted, lineage: Lineage | None, now: datetime) -> None:
        """Raise ``EdgeError`` before anything is changed, if the certificate must not or cannot be ordered."""
        authority = self.authority
        if not authority.agree_tos:
            raise EdgeError("the ACME server requires agreement to its terms of service: set agree_tos to true")
        server = lineage.renewal.get("server", "") if lineage else ""
        good = lineage is not None and lineage.pair is not None and not lineage.pair.certificate.expired(now)
        if authority.tests and good and STAGING not in server:
            raise EdgeError(
                f"has a good certificate of {server}; one of {authority.directory_url}, which clients do not trust,"
                f" would replace it; to allow this, run certbot delete --cert-name {wanted.name}"
            )
        if wanted.profile is not None:
            self._refuse_profile(wanted.profile)

    def _refuse_profile(self, profile: str) -> None:
        version = certbot.read_version(self.host)
        if version and tuple(map(int, version.split("."))) < PROFILES_SINCE:
            since = ".".join(map(str, PROFILES_SINCE))
            raise EdgeError(f"profile '{profile}' needs certbot {since} or newer; this host has certbot {version}")
        try:
            offered = read_profiles(self.authority.directory_url, self.authority.ca_bundle)
        except OSError as error:
            raise EdgeError(f"{self.authority.directory_url} did not list its profiles: {error}") from error
        if profile not in offered:
            has = ", ".join(offered) or "it lists no profiles"
            raise EdgeError(f"{self.authority.directory_url} has no profile '{profile}' ({has})")

    def _prove(self, wanted: Wanted) -> list[str]:
        """Test the path of an HTTP challenge.

        :returns: warnings about the names.
        :raises EdgeError: the edge would not answer the challenge, or a name does not exist.
        """
        if wanted.dns is not None:
            return []
        prove_challenge_path(self.host, self.edge, self.webroot, wanted.names)
        return look_up(self.host, self.edge, wanted.names) if self.check_names else []

    def _clear_away(self, wanted: Wanted, lineage: Lineage | None, now: datetime) -> list[str]:
        """Move a damaged lineage away, because certbot would fail on it; nginx is switched to another pair first."""
        remains = lineage is None and certbot.is_left_over(self.host, self.folders, wanted.name)
        if not remains and (lineage is None or lineage.pair is not None):
            return []
        install(self.host, self.folders, decide(self.host, self.folders, wanted, now))
        kept = certbot.set_aside(self.host, self.folders, wanted.name)
        return [f"the damaged certificate is kept in {kept}"] if kept else []

    def _link(self, wanted: Wanted, pair: Pair) -> bool:
        """Link a copy of the lineage's pair for nginx; return whether the link had to be switched."""
        target = key_pairs.stored_target(wanted.name, pair, key_pairs.ISSUED)
        before = self.host.readlink(self.folders.link(wanted.name))
        if before == target:
            return False
        if not self.check_mode:
            key_pairs.store_pair(self.host, self.folders.tls, wanted.name, pair, key_pairs.ISSUED)
            key_pairs.point(self.host, self.folders.tls, wanted.name, target)
            key_pairs.remove_old_pairs(self.host, self.folders.tls, wanted.name, {before, target})
        return True


def _refuse_wildcards(wanted: Wanted) -> None:
    """ACME servers issue wildcards only for a DNS challenge, not for an HTTP challenge."""
    wildcards = [name for name in wanted.names if name.startswith("*.")]
    if wildcards and wanted.dns is None:
        raise EdgeError(
            f"{', '.join(wildcards)}: an authority gives wildcards only for a DNS challenge; name each host, write"
            " challenge: dns-01, or bring the certificate (source: provided)"
        )


def describe(outcomes: Sequence[IssueResult], authority: Authority) -> tuple[str, str]:
    """The certificates that change, before and after, as text for a diff."""
    before = [outcome for outcome in outcomes if outcome.changed and outcome.certificate and outcome.state != "issued"]
    after: list[str] = []
    for outcome in outcomes:
        if outcome.request:
            verb = "issued by" if outcome.state == "issued" else "would be ordered from"
            after.append(f"{outcome.wanted.name}: {verb} {authority.directory_url}: {outcome.request.describe()}\n")
        elif outcome.linked:
            after.append(f"{outcome.wanted.name}: deployed to nginx\n")
        if outcome.credentials:
            after.append(f"{outcome.wanted.name}: new DNS credentials\n")
    lines = [
        f"{one.wanted.name}: until {iso(one.certificate.not_after)}, serial {one.certificate.serial}\n"
        for one in before
        if one.certificate
    ]
    return "".join(lines), "".join(after)
