# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that the operator provides as files on the controller."""

from __future__ import annotations

from ...host.errors import EdgeError
from .. import key_pairs
from ..decisions import PROVIDED, RENEW_WITH_LEFT, Decision, Situation
from .source import Source

_REMEDY = "write the path of the file on the controller"


def decide(situation: Situation) -> Decision:
    """The provided pair, after it was checked; raises ``EdgeError`` if it cannot be used."""
    host, wanted, now = situation.host, situation.wanted, situation.now
    if not wanted.fullchain_content or not wanted.privkey_content:
        raise EdgeError("the certificate chain or the private key is empty")
    pair = key_pairs.checked_pair(host, wanted.fullchain_content, wanted.privkey_content, situation.known)
    wrong = list(key_pairs.problems_of(pair.chain, wanted.names, now))
    if wrong:
        raise EdgeError("; ".join(wrong))
    warnings: tuple[str, ...] = ()
    if pair.certificate.left(now) < RENEW_WITH_LEFT:
        warnings = (f"the provided certificate expires in {pair.certificate.left(now).days} days",)
    target = key_pairs.stored_target(wanted.name, pair)
    if situation.target == target and situation.current() == pair:
        return Decision(wanted, PROVIDED, pair, warnings=warnings)
    return Decision(wanted, PROVIDED, pair, target=target, warnings=warnings)


SOURCE = Source(
    "provided",
    decide,
    options=("fullchain", "privkey"),
    required={"fullchain": _REMEDY, "privkey": _REMEDY},
    from_files=True,
)
