# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides which pair each certificate of the plan gets, and installs it with one rename for each certificate.

The rules protect the pairs in use: only a better pair replaces a working one. All decisions are made, and all provided
pairs are checked, before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Folders
from . import key_pairs
from .key_pairs import Pair
from .wanted import Wanted

SELF_SIGNED_DAYS = 397
RENEW_WITH_LEFT = timedelta(days=30)
PLACEHOLDER, LINEAGE, SELF_SIGNED, PROVIDED = "placeholder", "lineage", "self_signed", "provided"
RECEIVED = "received"


@dataclass(frozen=True)
class Decision:
    """The action for one certificate: do nothing, create a pair, or store a pair and link to it."""

    wanted: Wanted
    state: str
    pair: Pair | None = None
    make: bool = False
    target: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return self.make or self.target is not None


def decide(host: Host, folders: Folders, wanted: Wanted, now: datetime) -> Decision:
    """The action for one certificate; changes nothing. Raises ``EdgeError`` if a provided pair cannot be used."""
    key_pairs.check_name(wanted.name)
    if not wanted.names:
        raise EdgeError("has no names")
    path = folders.link(wanted.name)
    if host.exists(path) and host.readlink(path) is None:
        raise EdgeError(f"{path} is not a symbolic link: move it away; the collection creates symbolic links there")
    if wanted.source == PROVIDED:
        return _decide_provided(host, folders, wanted, now)
    if wanted.source == SELF_SIGNED:
        return _decide_self_signed(host, folders, wanted, now)
    if wanted.source == RECEIVED:
        return _decide_received(host, folders, wanted, now)
    return _decide_acme(host, folders, wanted, now)


def _decide_provided(host: Host, folders: Folders, wanted: Wanted, now: datetime) -> Decision:
    if not wanted.fullchain_content or not wanted.privkey_content:
        raise EdgeError("the certificate chain or the private key is empty")
    pair = key_pairs.checked_pair(host, wanted.fullchain_content, wanted.privkey_content)
    wrong = list(key_pairs.problems_of(pair.chain, wanted.names, now))
    if wrong:
        raise EdgeError("; ".join(wrong))
    warnings: list[str] = []
    if pair.certificate.left(now) < RENEW_WITH_LEFT:
        warnings.append(f"the provided certificate expires in {pair.certificate.left(now).days} days")
    target, link = key_pairs.stored_target(wanted.name, pair), folders.link(wanted.name)
    if host.readlink(link) == target and key_pairs.intact_pair(host, link) == pair:
        return Decision(wanted, PROVIDED, pair, warnings=tuple(warnings))
    return Decision(wanted, PROVIDED, pair, target=target, warnings=tuple(warnings))


def _decide_self_signed(host: Host, folders: Folders, wanted: Wanted, now: datetime) -> Decision:
    link = folders.link(wanted.name)
    pair = key_pairs.intact_pair(host, link) if key_pairs.is_stored(wanted.name, host.readlink(link)) else None
    if pair is not None and _still_good(pair, wanted, now):
        return Decision(wanted, SELF_SIGNED, pair)
    return Decision(wanted, SELF_SIGNED, make=True)


def _still_good(pair: Pair, wanted: Wanted, now: datetime) -> bool:
    own = pair.certificate
    same_key = own.key_type == wanted.key_type and (own.key_type != "rsa" or own.key_size == wanted.key_size)
    return own.is_self_signed and same_key and set(own.names) == set(wanted.names) and own.left(now) >= RENEW_WITH_LEFT


def _decide_acme(host: Host, folders: Folders, wanted: Wanted, now: datetime) -> Decision:
    link = folders.link(wanted.name)
    target, current = host.readlink(link), key_pairs.intact_pair(host, link)
    issued = key_pairs.intact_pair(host, folders.lineage(wanted.name))
    if issued is not None:
        copy = key_pairs.stored_target(wanted.name, issued, key_pairs.ISSUED)
        if target == copy and current == issued:
            return Decision(wanted, LINEAGE, issued, warnings=_lineage_warnings(issued, wanted, now))
        # A lineage without a new name is still better for the old names than a placeholder.
        helps = len(issued.certificate.uncovered(wanted.names)) < len(wanted.names)
        if helps and not issued.certificate.expired(now):
            return Decision(wanted, LINEAGE, issued, target=copy, warnings=_lineage_warnings(issued, wanted, now))
    if current is not None:
        if key_pairs.is_stored(wanted.name, target, key_pairs.ISSUED):
            return Decision(wanted, LINEAGE, current, warnings=_lineage_warnings(current, wanted, now))
        if _serves_meanwhile(current, wanted, now):
            return Decision(wanted, PLACEHOLDER if current.certificate.is_self_signed else PROVIDED, current)
        return Decision(wanted, PLACEHOLDER, make=True)
    return _stand_in(host, folders, wanted, now, LINEAGE)


def _decide_received(host: Host, folders: Folders, wanted: Wanted, now: datetime) -> Decision:
    """A placeholder until the issuing edge sends a pair; a usable current pair is kept until then."""
    link = folders.link(wanted.name)
    current = key_pairs.intact_pair(host, link)
    if current is not None:
        if not current.certificate.is_self_signed:
            return Decision(wanted, RECEIVED, current, warnings=_lineage_warnings(current, wanted, now))
        if _serves_meanwhile(current, wanted, now):
            return Decision(wanted, PLACEHOLDER, current)
        return Decision(wanted, PLACEHOLDER, make=True)
    return _stand_in(host, folders, wanted, now, RECEIVED)


def _stand_in(host: Host, folders: Folders, wanted: Wanted, now: datetime, state: str) -> Decision:
    """For a certificate whose pair is missing or damaged: the best of the kept pairs, or else a placeholder."""
    link = folders.link(wanted.name)
    damage = ""
    if host.readlink(link) is not None:
        try:
            key_pairs.read_pair(host, link)
        except EdgeError as error:
            damage = f"{error.message}; "
    store = _store_of(state)
    kept = [
        pair
        for pair in key_pairs.kept_pairs(host, folders.tls, wanted.name, store)
        if not pair.certificate.is_self_signed and _serves_meanwhile(pair, wanted, now)
    ]
    if kept:
        pair = max(kept, key=lambda one: one.certificate.not_after)
        target = key_pairs.stored_target(wanted.name, pair, store)
        return Decision(wanted, state, pair, target=target, warnings=(f"{damage}an earlier one replaces it",))
    warnings = (f"{damage}a placeholder replaces it, so that nginx can start",) if damage else ()
    return Decision(wanted, PLACEHOLDER, make=True, warnings=warnings)


def _store_of(state: str) -> str:
    return key_pairs.ISSUED if state == LINEAGE else key_pairs.STORE


def _serves_meanwhile(pair: Pair, wanted: Wanted, now: datetime) -> bool:
    """Whether a pair that is not from a lineage may be used until the first certificate is issued."""
    own = pair.certificate
    enough = RENEW_WITH_LEFT if own.is_self_signed else timedelta(0)
    return not own.uncovered(wanted.names) and own.left(now) > enough


def _lineage_warnings(pair: Pair, wanted: Wanted, now: datetime) -> tuple[str, ...]:
    warnings: list[str] = []
    missing = pair.certificate.uncovered(wanted.names)
    if missing:
        warnings.append(f"the issued certificate does not cover {', '.join(missing)} yet")
    if pair.certificate.expired(now):
        warnings.append(f"the issued certificate expired on {pair.certificate.not_after:%Y-%m-%d}")
    return tuple(warnings)


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
    wanted, pair, target = decision.wanted, decision.pair, decision.target
    if not decision.changes:
        return pair
    before = host.readlink(folders.link(wanted.name))
    if decision.make:
        placeholder = decision.state == PLACEHOLDER
        pair = key_pairs.make_self_signed(
            host,
            names=wanted.names,
            organisation="nginx-edge placeholder" if placeholder else "nginx-edge self-signed",
            key_type="ecdsa" if placeholder else wanted.key_type,
            key_size=wanted.key_size,
            days=SELF_SIGNED_DAYS,
        )
    if pair is not None:
        target = key_pairs.store_pair(host, folders.tls, wanted.name, pair, _store_of(decision.state))
    if target is not None:
        key_pairs.point(host, folders.tls, wanted.name, target)
        key_pairs.remove_old_pairs(host, folders.tls, wanted.name, {before, target})
    return pair


def install_all(host: Host, folders: Folders, decisions: Sequence[Decision]) -> list[Pair | None]:
    """Carry out all decisions; the failure of one does not stop the others."""
    done: list[Pair | None] = []
    problems: list[str] = []
    for decision in decisions:
        with collecting(problems, decision.wanted):
            done.append(install(host, folders, decision))
    raise_all(problems)
    return done


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
