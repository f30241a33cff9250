# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failed renewals in a run of the playbook: it reports them, and clears the record of those that it resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..acme.failures import Failure
from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Folders
from ..tls.wanted import Wanted
from . import unused
from .renewals import DEPLOYMENT, UNIT, read_renewal, record_repair, unresolved


def failures_of(host: Host, folders: Folders) -> Mapping[str, Failure]:
    """The recorded errors of certificates that were not replaced since."""
    renewal = read_renewal(host)
    return unresolved(host, folders, renewal) if renewal else {}


def settle(
    host: Host,
    folders: Folders,
    wanted: Sequence[Wanted],
    *,
    repeated: Mapping[str, Failure],
    deployed: bool,
    check: bool,
) -> list[str]:
    """Clear the errors that were resolved, at the end of a run.

    :param repeated: certificates that the run could not renew either -> the error. A rate limit is recorded, so that
        further runs leave the certificate to the timer.
    :param deployed: whether the run deploys the certificates on disk, so that an error of the deployment is resolved.
    :param check: change nothing.
    :returns: the errors that are left, one line each.
    """
    renewal = read_renewal(host)
    if renewal is None:
        return []
    not_in_use = unused.read_record(host).names
    left = {
        name: failure
        for name, failure in unresolved(host, folders, renewal).items()
        if name not in not_in_use and not (name == DEPLOYMENT and deployed)
    }
    if not check:
        limited = {name: failure for name, failure in repeated.items() if name in left and failure.limited}
        record_repair(host, {**left, **limited})
    known = {one.name: one for one in wanted}
    return [_line(known.get(name), name, renewal.describe(failure)) for name, failure in left.items()]


def _line(wanted: Wanted | None, name: str, text: str) -> str:
    if name in (UNIT, DEPLOYMENT):
        return text
    return wanted.error(EdgeError(text)) if wanted else f"certificate {name}: {text}"
