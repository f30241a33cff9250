# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorded result of the last renewal: whether it succeeded, and why certificates were not renewed.

The renewal writes the errors, its unit writes the result when it ends, and a run of the playbook removes the errors
that it resolved. The metrics and the warnings of a run are made from this record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone

from ..acme.failures import Failure
from ..host import paths
from ..host.errors import EdgeError
from ..host.host import Host, replace_file
from ..host.paths import Folders
from ..tls import key_pairs

UNIT, DEPLOYMENT = "", "."
"""The names under which an error is recorded that does not belong to one certificate: of the renewal as a whole, and of
the deployment of the renewed certificates. No certificate can have these names."""
SUCCESS, EXIT_CODE = "success", "exit-code"
"""systemd's ``$SERVICE_RESULT`` of a unit that succeeded, and of one whose command failed (systemd.exec(5))."""


@dataclass(frozen=True)
class Renewal:
    """The results of the renewals of this host.

    :param ended: time when the last renewal ended, in seconds since the epoch.
    :param succeeded: whether the last renewal succeeded.
    :param last_success: time when the last successful renewal ended; None if none succeeded yet.
    :param failures: certificate -> its error; :data:`UNIT` -> an error of the whole renewal.
    """

    ended: float
    succeeded: bool
    last_success: float | None
    failures: Mapping[str, Failure] = field(default_factory=dict)

    @property
    def errors(self) -> Mapping[str, Failure]:
        """The errors; a failed renewal has at least one."""
        if self.succeeded:
            return {}
        return self.failures or {UNIT: Failure("read the journal of nginx-edge-certbot.service")}

    def describe(self, failure: Failure) -> str:
        """An error with the time of the renewal, in one line."""
        ended = datetime.fromtimestamp(self.ended, timezone.utc)
        return f"the renewal failed on {ended:%Y-%m-%d %H:%M} UTC: {failure.message}"

    def lines(self) -> list[str]:
        """All errors, each in one line with the name of its certificate."""
        return [
            self.describe(one) if name in (UNIT, DEPLOYMENT) else f"{name}: {self.describe(one)}"
            for name, one in self.errors.items()
        ]


def read_renewal(host: Host) -> Renewal | None:
    """The recorded result of the last renewal; None if there was none, or if it cannot be read."""
    try:
        stored = json.loads(host.read(paths.RENEWAL_FILE) or b"")
        failures = {name: Failure(**one) for name, one in stored.pop("failures", {}).items()}
        return Renewal(**stored, failures=failures)
    except (ValueError, TypeError, AttributeError):
        return None


def _write(host: Host, renewal: Renewal) -> None:
    replace_file(host, paths.RENEWAL_FILE, json.dumps(asdict(renewal)).encode())


def record_failures(host: Host, failures: Mapping[str, Failure]) -> None:
    """Record the errors of a renewal, before its unit ends; without errors, those of the renewal before are removed."""
    before = read_renewal(host)
    last_success = before.last_success if before else None
    if failures:
        _write(host, Renewal(host.now(), False, last_success, failures))
    elif before is not None and before.failures:
        _write(host, replace(before, failures={}))


def record_renewal(host: Host, result: str) -> None:
    """Record the result of a renewal that just ended.

    :param result: :data:`SUCCESS`, or the reason in systemd's words, such as ``exit-code`` or ``timeout``.
    """
    before, now = read_renewal(host), host.now()
    if result == SUCCESS:
        _write(host, Renewal(now, True, now))
        return
    failures = dict(before.failures) if before else {}
    if not failures:
        deploying = result == EXIT_CODE
        unit = "nginx-edge-take-over.service" if deploying else "nginx-edge-certbot.service"
        told = "a renewed certificate was not deployed" if deploying else f"it ended with '{result}'"
        failures = {DEPLOYMENT if deploying else UNIT: Failure(f"{told}; read the journal of {unit}")}
    _write(host, Renewal(now, False, before.last_success if before else None, failures))


def serial_of(host: Host, folders: Folders, name: str) -> str:
    """Serial number of the certificate in a lineage; empty if there is none."""
    try:
        return key_pairs.read_chain(host, folders.lineage(name))[0].serial
    except EdgeError:
        return ""


def unresolved(host: Host, folders: Folders, renewal: Renewal) -> dict[str, Failure]:
    """The recorded errors, without those of certificates that were replaced or removed since."""
    return {
        name: failure
        for name, failure in renewal.errors.items()
        if name in (UNIT, DEPLOYMENT) or _same(failure, serial_of(host, folders, name))
    }


def _same(failure: Failure, serial: str) -> bool:
    return bool(serial) and failure.serial in ("", serial)


def record_repair(host: Host, left: Mapping[str, Failure]) -> bool:
    """Record which errors are left after a run of the playbook.

    :param left: the errors that were not resolved; if there are none, the record becomes that of a success.
    :returns: whether the record was changed.
    """
    before = read_renewal(host)
    if before is None or before.errors == left:
        return False
    if left:
        _write(host, replace(before, failures=left))
    else:
        _write(host, replace(before, succeeded=True, last_success=host.now(), failures={}))
    return True
