# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides which pair each certificate of the plan gets, and installs it with one rename for each certificate.

The source of a certificate decides (:mod:`.sources.registry`). All decisions are made, and all provided pairs are
checked, before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Folders
from . import key_pairs
from .decisions import PLACEHOLDER, PLACEHOLDER_ORGANISATION, Decision, Situation
from .key_pairs import Pair
from .self_signed import make_self_signed
from .sources.registry import source_of
from .wanted import Wanted

SELF_SIGNED_DAYS = 397
FEW = 8
"""Number of pairs up to which each file is made durable separately."""


def decide(host: Host, folders: Folders, wanted: Wanted, now: datetime) -> Decision:
    """The action for one certificate; changes nothing. Raises ``EdgeError`` if a provided pair cannot be used."""
    key_pairs.check_name(wanted.name)
    if not wanted.names:
        raise EdgeError("has no names")
    path = folders.link(wanted.name)
    target = host.readlink(path)
    if target is None and host.exists(path):
        raise EdgeError(f"{path} is not a symbolic link: move it away; the collection creates symbolic links there")
    return source_of(wanted.source).decide(Situation(host, folders, wanted, target, now))


def decide_all(host: Host, folders: Folders, wanted: Sequence[Wanted], now: datetime) -> list[Decision]:
    """The decisions for all certificates; raises one ``EdgeError`` with all problems of all certificates."""
    decisions: list[Decision] = []
    problems: list[str] = []
    for one in wanted:
        with collecting(problems, one):
            decisions.append(decide(host, folders, one, now))
    raise_all(problems)
    return decisions


def apart(host: Host, folders: Folders, decisions: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
    """The decisions in two lists: those that do not replace a pair that nginx can load, and those that do."""
    links = [folders.link(one.wanted.name) for one in decisions]
    replacing = [one.changes and key_pairs.intact_pair(host, link) is not None for one, link in zip(decisions, links)]
    urgent = [one for one, waits in zip(decisions, replacing) if not waits]
    return urgent, [one for one, waits in zip(decisions, replacing) if waits]


def install(host: Host, folders: Folders, decision: Decision) -> Pair | None:
    """Carry out a decision, and return the pair that is in use afterwards."""
    return install_all(host, folders, [decision])[0]


def install_all(host: Host, folders: Folders, decisions: Sequence[Decision]) -> list[Pair | None]:
    """Carry out all decisions; the failure of one does not stop the others.

    All pairs are written first, and are durable before a link leads to one of them: a few by fsync of each file, many
    by one sync of the file system, which also waits for what other programs wrote.

    :returns: the pairs that are in use afterwards.
    :raises EdgeError: some failed.
    """
    many = sum(one.changes for one in decisions) > FEW
    stored: list[_Stored] = []
    problems: list[str] = []
    for decision in decisions:
        with collecting(problems, decision.wanted):
            stored.append(_store(host, folders, decision, durable=not many))
    linked = [one for one in stored if one.target is not None]
    if linked and many:
        host.sync_filesystem(folders.tls)
    for one in linked:
        with collecting(problems, one.wanted):
            _link(host, folders, one, durable=not many)
    if linked and many:
        host.fsync_dir(folders.tls)
    raise_all(problems)
    return [one.pair for one in stored]


class _Stored(NamedTuple):
    """A pair that is written, and the target for its link; None if the link stays."""

    wanted: Wanted
    pair: Pair | None
    target: str | None


def _store(host: Host, folders: Folders, decision: Decision, *, durable: bool) -> _Stored:
    wanted, pair, target = decision.wanted, decision.pair, decision.target
    if not decision.changes:
        return _Stored(wanted, pair, None)
    if decision.make:
        placeholder = decision.state == PLACEHOLDER
        pair = make_self_signed(
            host,
            names=wanted.names,
            organisation=PLACEHOLDER_ORGANISATION if placeholder else "nginx-edge self-signed",
            key_type="ecdsa" if placeholder else wanted.key_type,
            key_size=wanted.key_size,
            days=SELF_SIGNED_DAYS,
        )
    if pair is not None:
        target = key_pairs.store_pair(host, folders.tls, wanted.name, pair, decision.store, durable=durable)
    return _Stored(wanted, pair, target)


def _link(host: Host, folders: Folders, stored: _Stored, *, durable: bool) -> None:
    name, target = stored.wanted.name, stored.target
    before = host.readlink(folders.link(name))
    if target is not None:
        key_pairs.point(host, folders.tls, name, target, durable=durable)
    key_pairs.remove_old_pairs(host, folders.tls, name, {before, target})


@contextmanager
def collecting(problems: list[str], wanted: Wanted) -> Iterator[None]:
    """Collect the error of a certificate, so that the others are still processed."""
    try:
        yield
    except (EdgeError, OSError) as error:
        problems.append(wanted.error(error))


def raise_all(problems: Sequence[str], what: str = "cannot be used") -> None:
    """Raise one ``EdgeError`` with all problems, if there are any."""
    if problems:
        count = "a certificate" if len(problems) == 1 else f"{len(problems)} certificates"
        raise EdgeError(f"{count} {what}", problems)
