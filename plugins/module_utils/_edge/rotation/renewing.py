# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The renewal that the timer starts: certbot renews what is due, and what the ACME server asks to renew now.

A request to renew (:mod:`..acme.renewal_info`) is followed after certbot's own renewal. A version of certbot that
knows renewal information has then replaced the certificate already, and it is not renewed twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ..acme import certbot, renewal_info
from ..acme.failures import Failure, one_line, own_words, read_failures, without_secrets
from ..acme.https import Https
from ..acme.renewal_info import RenewalInfo
from ..host import paths
from ..host.errors import EdgeError
from ..host.host import Completed, Host, replace_file
from ..host.paths import Folders, Layout
from ..tls import key_pairs
from ..tls.x509 import X509Certificate
from . import unused
from .renewals import UNIT, record_failures, serial_of

TIME = 1500.0
"""Seconds for one renewal; its unit ends it after 30 minutes."""
MOST_FORCED = 3
"""Renewals of one certificate per day that an ACME server can ask for, so that its errors do not reach rate limits."""
_DAY = 86400.0
_COMMAND = ("certbot", "renew", "--no-random-sleep-on-renew")


@dataclass
class Renewing:
    """One renewal, and what it found.

    :param keep_days: days for which an unused certificate is still renewed.
    :param lines: the report, in order.
    :param failures: certificate -> its error; those of unused certificates do not count.
    """

    host: Host
    client: Https
    layout: Layout
    folders: Folders
    keep_days: int = unused.KEEP_DAYS
    lines: list[str] = field(default_factory=list)
    failures: dict[str, Failure] = field(default_factory=dict)

    def renew(self) -> None:
        """Renew all certificates that are due, and record the errors.

        :raises EdgeError: a certificate was not renewed; the others were processed.
        """
        end = self.host.monotonic() + TIME
        record = unused.update(self.host, self.layout, self.folders)
        self._remove_unused(record)
        errors = self._run(_COMMAND, end)
        for name, info in self._asked_for({*errors, *record.since}):
            reason = f" ({info.explanation})" if info.explanation else ""
            self.lines.append(f"{name}: the ACME server asks to renew it now{reason}.")
            errors.update(self._run((*_COMMAND, "--cert-name", name, "--force-renewal"), end))
        self._pace()
        for name, message in errors.items():
            if name in record.since:
                self.lines.append(f"{name} is no longer in use, and was not renewed: {message}")
            else:
                self.failures[name] = Failure(message, serial_of(self.host, self.folders, name) if name else "")
        record_failures(self.host, self.failures)
        if self.failures:
            told = [f"{name}: {one.message}" if name else one.message for name, one in self.failures.items()]
            raise EdgeError("certificates were not renewed; nginx keeps the current ones", told)

    def _pace(self) -> None:
        """Adjust the renewal of certificates whose lifetime the ACME server has changed."""
        deployed = {*unused.deployed(self.host, self.folders)}
        for name, (certificate, _server) in self._lineages():
            if name in deployed:
                certbot.pace_renewals(self.host, self.folders, name, certificate)

    def _remove_unused(self, record: unused.Record) -> None:
        for name in unused.expired(record, self.host.now(), self.keep_days):
            problem = unused.remove(self.host, self.folders, name)
            told = unused.describe_removed(name, record.since[name])
            self.lines.append(f"{name}: not removed: {problem}" if problem else told)

    def _run(self, argv: tuple[str, ...], end: float) -> dict[str, str]:
        """Run certbot; return its errors by certificate, under :data:`.renewals.UNIT` if it names none."""
        left = end - self.host.monotonic()
        if left <= 0:
            return {UNIT: "not finished in time"}
        done, log = certbot.run_logged(self.host, argv, self.folders, timeout=left)
        if done.code == certbot.PROGRAM_MISSING:
            return {UNIT: "certbot is not installed"}
        self.lines += [line.rstrip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        if done.code == 0:
            return {}
        found = read_failures(done, log) or {UNIT: _general(done)}
        return {name: without_secrets(self.host, self.folders, name, text) for name, text in found.items()}

    def _asked_for(self, left_out: Collection[str]) -> Iterator[tuple[str, RenewalInfo]]:
        """The certificates that their ACME servers ask to renew now; nothing that goes wrong here ends the renewal.

        :param left_out: those that are unused or that certbot could not renew just now; if it named none, all are.
        """
        found = dict(self._lineages())
        try:
            known = renewal_info.ask_due(self.host, self.client, list(found.values()))
        except OSError as error:
            self.lines.append(f"The renewal information cannot be stored: {error}")
            return
        now = self.host.now()
        for name, (certificate, _server) in found.items():
            info = renewal_info.due(known, certificate, now)
            if info is not None and not {name, UNIT} & {*left_out} and self._may_force(name, now):
                yield name, info

    def _lineages(self) -> Iterator[tuple[str, tuple[X509Certificate, str]]]:
        """The certificates that certbot renews, each with the directory URL of its ACME server."""
        for file in self.host.listdir(os.path.join(self.folders.letsencrypt, "renewal")):
            name, suffix = os.path.splitext(file)
            if suffix != ".conf":
                continue
            settings = certbot.read_renewal_settings(self.host, self.folders, name)
            if settings.get("autorenew", "").lower() == "false":
                continue
            try:
                own = key_pairs.read_chain(self.host, self.folders.lineage(name))[0]
            except EdgeError:
                continue  # certbot has reported it
            yield name, (own, settings.get("server", ""))

    def _may_force(self, name: str, now: float) -> bool:
        """Whether the limit of forced renewals allows another one, which is then counted."""
        try:
            stored = json.loads(self.host.read(paths.FORCED_FILE) or b"{}")
            forced = {key: [one for one in times if now - _DAY < one <= now] for key, times in stored.items()}
        except (ValueError, TypeError, AttributeError):
            forced = {}
        mine = forced.get(name, [])
        if len(mine) >= MOST_FORCED:
            self.lines.append(f"{name}: renewed {MOST_FORCED} times in 24 hours because the ACME server asked for it.")
            return False
        kept = {key: times for key, times in forced.items() if times}
        data = json.dumps({**kept, name: [*mine, now]}, indent=1)
        replace_file(self.host, paths.FORCED_FILE, data.encode())
        return True


def _general(done: Completed) -> str:
    return one_line("; ".join(own_words(done)))
