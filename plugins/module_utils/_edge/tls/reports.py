# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of the decisions about certificates: the result of a module, and its diff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..host.host import Host
from ..host.paths import Folders
from . import key_pairs
from .decisions import Decision
from .key_pairs import Pair
from .x509 import iso


def certificate_result(decision: Decision, pair: Pair | None) -> dict[str, Any]:
    """The module result for one certificate; dates and serial are null for a pair that would still be created."""
    return {
        "name": decision.wanted.name,
        "source": decision.wanted.source,
        "state": decision.state,
        "changed": decision.changes,
        "names": list(pair.certificate.names if pair else decision.wanted.names),
        "serial": pair.certificate.serial if pair else None,
        "not_after": iso(pair.certificate.not_after) if pair else None,
    }


def describe(reports: Sequence[Mapping[str, Any]]) -> str:
    """The certificates that change, as text for a diff."""
    return "".join(
        f"{one['name']}: {one['state']}, until {one['not_after'] or 'next year'}, serial {one['serial'] or 'new'}\n"
        for one in reports
        if one["changed"]
    )


def describe_current(host: Host, folders: Folders, decisions: Sequence[Decision]) -> str:
    """The current state of the certificates that will change, as text for a diff."""
    lines: list[str] = []
    for decision in decisions:
        if not decision.changes:
            continue
        name = decision.wanted.name
        target = host.readlink(folders.link(name))
        pair = key_pairs.intact_pair(host, folders.link(name)) if target is not None else None
        if pair is not None:
            now = "lineage" if key_pairs.is_stored(name, target, key_pairs.ISSUED) else "stored pair"
            own = pair.certificate
            lines.append(f"{name}: {now}, until {iso(own.not_after)}, serial {own.serial}\n")
    return "".join(lines)
