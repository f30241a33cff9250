# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that the host creates itself, and that clients do not trust."""

from __future__ import annotations

from .. import key_pairs
from ..decisions import RENEW_WITH_LEFT, SELF_SIGNED, Decision, Situation
from ..key_pairs import Pair
from .source import Source


def decide(situation: Situation) -> Decision:
    """The current pair, or a new one if the names or the key differ or if it expires soon."""
    wanted = situation.wanted
    pair = situation.current() if key_pairs.is_stored(wanted.name, situation.target) else None
    if pair is not None and _still_good(pair, situation):
        return Decision(wanted, SELF_SIGNED, pair)
    return Decision(wanted, SELF_SIGNED, make=True)


def _still_good(pair: Pair, situation: Situation) -> bool:
    own, wanted = pair.certificate, situation.wanted
    same_key = own.key_type == wanted.key_type and (own.key_type != "rsa" or own.key_size == wanted.key_size)
    same_names = set(own.names) == set(wanted.names)
    return own.is_self_signed and same_key and same_names and own.left(situation.now) >= RENEW_WITH_LEFT


SOURCE = Source("self_signed", decide)
