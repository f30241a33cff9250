# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that are no longer in use, because their site was removed: certbot stops renewing them after some days.

Only lineages that this collection deployed are removed. Those that were made by hand for other programs are never
touched. The pair that nginx reads is kept as long as a kept generation refers to it, so that a rollback works.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone

from ..generations.earlier import facts_of
from ..generations.store import live_name, manifests, read_manifest, running_name
from ..host import paths
from ..host.host import Host, replace_file
from ..host.paths import Folders, Layout
from ..tls import key_pairs
from ..tls.dns import credentials_file

KEEP_DAYS = 30
"""Default number of days until the lineage of an unused certificate is removed."""
_DAY = 86400.0
_TIMEOUT = 120.0


@dataclass(frozen=True)
class Record:
    """What is known about unused certificates. Times are seconds since the epoch.

    :param planned: the certificates that the last run orders; they count as used, even if no site uses them.
    :param since: certificate -> when it was first seen to be unused.
    :param removed: certificate -> when its lineage was removed; until its pair is removed, too.
    :param unreported: the removed certificates that no run has reported yet -> when they were first seen to be unused.
    """

    planned: tuple[str, ...] = ()
    since: Mapping[str, float] = field(default_factory=dict)
    removed: Mapping[str, float] = field(default_factory=dict)
    unreported: Mapping[str, float] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """All unused certificates."""
        return {*self.since, *self.removed}


def read_record(host: Host) -> Record:
    """The stored record; empty if there is none, or if it cannot be read."""
    try:
        stored = json.loads(host.read(paths.UNUSED_FILE) or b"{}")
        return Record(**{**stored, "planned": tuple(stored.get("planned", ()))})
    except (ValueError, TypeError, AttributeError):
        return Record()


def _write(host: Host, before: Record, after: Record) -> None:
    if after != before:
        host.mkdir(os.path.dirname(paths.UNUSED_FILE))
        replace_file(host, paths.UNUSED_FILE, json.dumps(asdict(after), indent=1).encode())


def record_planned(host: Host, names: Collection[str], *, add: bool = False) -> None:
    """Store the certificates that the model orders, so that the renewal knows them.

    :param add: keep the names that are stored already.
    """
    before = read_record(host)
    _write(host, before, replace(before, planned=tuple(sorted({*names, *(before.planned if add else ())}))))


def deployed(host: Host, folders: Folders) -> list[str]:
    """Names of the lineages that this collection ordered or deployed."""
    names = host.listdir(f"{folders.tls}/{key_pairs.ISSUED}")
    linked = (name for name in host.listdir(folders.tls) if host.readlink(folders.link(name)) == folders.lineage(name))
    return [name for name in sorted({*names, *linked}) if host.exists(folders.lineage(name))]


def _serves_lineage(host: Host, folders: Folders, name: str) -> bool:
    """Whether nginx gets the certificate from its lineage; it does not if the model has another source for it."""
    target = host.readlink(folders.link(name))
    return target == folders.lineage(name) or key_pairs.is_stored(name, target, key_pairs.ISSUED)


def not_in_use(host: Host, folders: Folders, record: Record) -> set[str]:
    """Names of the certificates below the TLS directory that are not in use."""
    return {name for name in record.names if _serves_lineage(host, folders, name)}


def _refers(host: Host, layout: Layout, generations: Collection[str], pairs: set[str]) -> bool:
    """Whether one of these generations refers to one of these pairs; an unreadable generation counts as if it did."""
    for generation in generations:
        manifest = read_manifest(host, layout, generation)
        if manifest is None or pairs & {*facts_of(host, layout, manifest).pairs}:
            return True
    return False


def find_unused(host: Host, layout: Layout, folders: Folders, record: Record) -> list[str]:
    """The deployed lineages that neither the model nor the live or running generation refers to.

    Without a live generation there are none, because then it is not known what is in use.
    """
    live = live_name(host, layout)
    if live is None:
        return []
    generations = {live, running_name(host, layout) or live}
    found: list[str] = []
    for name in deployed(host, folders):
        pairs = {folders.lineage(name), *([folders.link(name)] if _serves_lineage(host, folders, name) else ())}
        if name not in record.planned and not _refers(host, layout, generations, pairs):
            found.append(name)
    return found


def update(host: Host, layout: Layout, folders: Folders) -> Record:
    """Record which certificates are unused now, and return the new record."""
    before, now = read_record(host), host.now()
    found = find_unused(host, layout, folders, before)
    removed = {
        name: when
        for name, when in before.removed.items()
        if _serves_lineage(host, folders, name) and not host.exists(folders.lineage(name))
    }
    after = replace(before, since={name: before.since.get(name, now) for name in found}, removed=removed)
    _write(host, before, after)
    return after


def expired(record: Record, now: float, keep_days: int) -> list[str]:
    """The unused certificates whose lineage is to be removed.

    :param keep_days: days for which an unused certificate is still renewed.
    """
    return [name for name, since in record.since.items() if now - since >= keep_days * _DAY]


def remove(host: Host, folders: Folders, name: str) -> str:
    """Remove a lineage with certbot, and the DNS credentials of its renewal; return why that failed, else nothing."""
    argv = ["certbot", "delete", "--non-interactive", "--cert-name", name]
    done = host.run(argv, timeout=_TIMEOUT)
    if done.code != 0 or host.exists(folders.lineage(name)):
        return " ".join(f"{done.stdout}\n{done.stderr}".split())
    host.remove(credentials_file(folders.letsencrypt, name))
    record = read_record(host)
    since = dict(record.since)
    unused_since = since.pop(name, host.now())
    removed, unreported = {**record.removed, name: host.now()}, {**record.unreported, name: unused_since}
    _write(host, record, replace(record, since=since, removed=removed, unreported=unreported))
    return ""


def date(moment: float) -> str:
    """A time as a date in UTC."""
    return f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%d}"


def describe_removed(name: str, since: float, *, would: bool = False) -> str:
    """The report that a lineage was removed (or would be), in one line."""
    done = "would be removed" if would else "was removed"
    return f"certificate {name}: not in use since {date(since)}, so its certbot lineage {done}"


def describe_unused(name: str, since: float, keep_days: int) -> str:
    """The report that a certificate is unused, in one line."""
    return (
        f"certificate {name}: no longer in use; certbot renews it until {date(since + keep_days * _DAY)}, and then its"
        " lineage is removed (certbot_keep_unused_days)"
    )


def tidy(
    host: Host, layout: Layout, folders: Folders, wanted: Collection[str], *, keep_days: int, check: bool
) -> tuple[list[str], bool]:
    """Record which certificates are unused, and remove the lineages of those that were unused for long enough.

    :param wanted: certificates of the model.
    :param keep_days: days for which an unused certificate is still renewed.
    :param check: change nothing.
    :returns: a report in lines, also about what the timer removed since the last run; and whether a lineage was removed
        or would be.
    """
    before, now = read_record(host), host.now()
    if check:
        known = replace(before, planned=(*before.planned, *wanted))
        since = {name: before.since.get(name, now) for name in find_unused(host, layout, folders, known)}
        due = expired(Record(since=since), now, keep_days)
        return [describe_removed(name, since[name], would=True) for name in due], bool(due)
    record_planned(host, wanted, add=True)
    record = update(host, layout, folders)
    due = expired(record, host.now(), keep_days)
    tried = {name: remove(host, folders, name) for name in due}
    lines = [f"certificate {name}: certbot did not remove its lineage: {text}" for name, text in tried.items() if text]
    new = [name for name in record.since if name not in (*before.since, *due)]
    lines += [describe_unused(name, record.since[name], keep_days) for name in new]
    after = read_record(host)
    lines += [describe_removed(name, since) for name, since in sorted(after.unreported.items())]
    _write(host, after, replace(after, unreported={}))
    return lines, any(not text for text in tried.values())


def remove_pairs(host: Host, layout: Layout, folders: Folders) -> list[str]:
    """Remove nginx's pairs of removed lineages if no kept generation refers to them. The caller holds the lock.

    :returns: the names of the certificates.
    """
    record, generations = read_record(host), [manifest.name for manifest in manifests(host, layout)]
    gone = [
        name
        for name in record.removed
        if name not in record.planned
        and _serves_lineage(host, folders, name)
        and not host.exists(folders.lineage(name))
        and not _refers(host, layout, generations, {folders.link(name)})
    ]
    for name in gone:
        key_pairs.check_name(name)
        for path in (name, f"{key_pairs.ISSUED}/{name}", f"{key_pairs.STORE}/{name}"):
            host.remove(f"{folders.tls}/{path}")
    return gone
