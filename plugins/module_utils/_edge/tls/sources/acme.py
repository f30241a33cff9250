# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates from an ACME server: certbot's lineage, and a placeholder until there is one."""

from __future__ import annotations

from .. import key_pairs
from ..decisions import LINEAGE, PLACEHOLDER, PROVIDED, Decision, Situation
from . import received
from .source import Source


def decide(situation: Situation) -> Decision:
    """A copy of the lineage; without a usable lineage, the current pair is kept or a placeholder is created."""
    wanted, target = situation.wanted, situation.target
    current, issued = situation.current(), situation.intact(situation.folders.lineage(wanted.name))
    if issued is not None:
        copy = key_pairs.stored_target(wanted.name, issued, key_pairs.ISSUED)
        if target == copy and current == issued:
            return Decision(wanted, LINEAGE, issued, warnings=situation.issued_warnings(issued))
        # A lineage without a new name is still better for the old names than a placeholder.
        helps = len(issued.certificate.uncovered(wanted.names)) < len(wanted.names)
        if helps and not issued.certificate.expired(situation.now):
            return Decision(wanted, LINEAGE, issued, target=copy, warnings=situation.issued_warnings(issued))
    if current is not None:
        if key_pairs.is_stored(wanted.name, target, key_pairs.ISSUED):
            return Decision(wanted, LINEAGE, current, warnings=situation.issued_warnings(current))
        if situation.serves_meanwhile(current):
            return Decision(wanted, PLACEHOLDER if current.certificate.is_self_signed else PROVIDED, current)
        return Decision(wanted, PLACEHOLDER, make=True)
    return situation.stand_in(LINEAGE)


SOURCE = Source(
    "acme",
    decide,
    options=("challenge", "dns", "profile", "preferred_chain"),
    ordered=True,
    on_other_edges=received.SOURCE.name,
)
