# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that the issuing edge orders and sends to the other edges (``rotation/receiving.py``)."""

from __future__ import annotations

from ..decisions import PLACEHOLDER, RECEIVED, Decision, Situation
from .source import Source


def decide(situation: Situation) -> Decision:
    """A placeholder until the issuing edge sends a pair; a usable current pair is kept until then."""
    wanted, current = situation.wanted, situation.current()
    if current is None:
        return situation.stand_in(RECEIVED)
    if not current.certificate.is_self_signed:
        return Decision(wanted, RECEIVED, current, warnings=situation.issued_warnings(current))
    if situation.serves_meanwhile(current):
        return Decision(wanted, PLACEHOLDER, current)
    return Decision(wanted, PLACEHOLDER, make=True)


SOURCE = Source("received", decide, selectable=False)
