# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action for one certificate, and the rules that several sources share.

The rules protect the pairs in use: only a better pair replaces a working one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Folders
from . import key_pairs
from .key_pairs import Pair
from .wanted import Wanted

RENEW_WITH_LEFT = timedelta(days=30)
PLACEHOLDER_ORGANISATION = "nginx-edge placeholder"
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

    @property
    def store(self) -> str:
        """The store for its pair."""
        return store_of(self.state)


def store_of(state: str) -> str:
    """The store for pairs of a state."""
    return key_pairs.ISSUED if state == LINEAGE else key_pairs.STORE


@dataclass(frozen=True)
class Situation:
    """A requested certificate on a host, from which a source decides.

    :param target: target of the certificate's link; None without a link.
    """

    host: Host
    folders: Folders
    wanted: Wanted
    target: str | None
    now: datetime

    @property
    def link(self) -> str:
        """Path of the link that nginx reads the pair through."""
        return self.folders.link(self.wanted.name)

    @property
    def known(self) -> str | None:
        """Digest of the pair that the link names; it was checked when it was stored."""
        return key_pairs.stored_digest(self.wanted.name, self.target)

    def current(self) -> Pair | None:
        """The pair in use; None if it is missing or damaged."""
        return self.intact(self.link)

    def intact(self, folder: str) -> Pair | None:
        """The pair in a directory; None if it is missing or damaged."""
        return key_pairs.intact_pair(self.host, folder, self.known)

    def serves_meanwhile(self, pair: Pair) -> bool:
        """Whether a pair may be used until the first certificate is issued or received."""
        own = pair.certificate
        enough = RENEW_WITH_LEFT if own.is_self_signed else timedelta(0)
        return not own.uncovered(self.wanted.names) and own.left(self.now) > enough

    def issued_warnings(self, pair: Pair) -> tuple[str, ...]:
        """Warnings about the pair in use, if an ACME server issued it."""
        warnings: list[str] = []
        missing = pair.certificate.uncovered(self.wanted.names)
        if missing:
            warnings.append(f"the issued certificate does not cover {', '.join(missing)} yet")
        if pair.certificate.expired(self.now):
            warnings.append(f"the issued certificate expired on {pair.certificate.not_after:%Y-%m-%d}")
        return tuple(warnings)

    def stand_in(self, state: str) -> Decision:
        """For a certificate whose pair is missing or damaged: the best of the kept pairs, or else a placeholder.

        :param state: the state of a kept pair.
        """
        damage = ""
        if self.target is not None:
            try:
                key_pairs.read_pair(self.host, self.link)
            except EdgeError as error:
                damage = f"{error.message}; "
        store = store_of(state)
        kept = [
            pair
            for pair in key_pairs.kept_pairs(self.host, self.folders.tls, self.wanted.name, store)
            if not pair.certificate.is_self_signed and self.serves_meanwhile(pair)
        ]
        if kept:
            pair = max(kept, key=lambda one: one.certificate.not_after)
            target = key_pairs.stored_target(self.wanted.name, pair, store)
            return Decision(self.wanted, state, pair, target=target, warnings=(f"{damage}an earlier one replaces it",))
        warnings = (f"{damage}a placeholder replaces it, so that nginx can start",) if damage else ()
        return Decision(self.wanted, PLACEHOLDER, make=True, warnings=warnings)
