# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generations that are kept on a host, and the targets for a rollback."""

from __future__ import annotations

import re

from ..host.host import Host
from ..host.paths import Layout
from .store import MANIFEST, ORIGINAL, Proven, last_proof, live_name, manifests, read_manifest, running_name

_UNFINISHED = re.compile(r"(\.check-)?[0-9a-f]{4,64}(-\d+)?\Z")
"""Names of directories that staging and check mode create; any other directory there is not removed."""


def proven_names(host: Host, layout: Layout) -> list[str]:
    """The generations that nginx was proven to run, the most recent first."""
    proofs: dict[str, Proven] = {}
    for one in manifests(host, layout):
        proof = last_proof(host, layout, one.name)
        if proof is not None:
            proofs[one.name] = proof
    return sorted(proofs, key=proofs.__getitem__, reverse=True)


def rollback_targets(host: Host, layout: Layout) -> list[str]:
    """Rollback targets if nginx does not load the live generation, best first: the generation that was last proven to
    run, then earlier ones; before the first proof, the original configuration."""
    live, running = live_name(host, layout), running_name(host, layout)
    if not running:
        return [ORIGINAL] if host.exists(f"{layout.folder(ORIGINAL)}/nginx.conf") else []
    if running == live:
        return []  # nginx was proven to run it, so the host changed, not the configuration
    known = [running] if read_manifest(host, layout, running) is not None else []
    return [*known, *(name for name in proven_names(host, layout) if name not in (live, running))]


def remove_old_generations(host: Host, layout: Layout, keep: int) -> tuple[str, ...]:
    """Remove old generations. Keeps the newest ``keep`` generations that have run, and the newest that has not, so that
    rejected generations do not displace rollback targets. The live, the running and the original one are always kept.
    Also removes what interrupted runs left behind. The caller must hold the lock, because a generation that is being
    staged looks the same.

    :returns: names of the generations that were removed.
    """
    kept = [one.name for one in manifests(host, layout)]
    proven = set(proven_names(host, layout))
    have_run, have_not = [name for name in kept if name in proven], [name for name in kept if name not in proven]
    precious = {live_name(host, layout), running_name(host, layout), ORIGINAL}
    removed = tuple(name for name in (*have_run[keep:], *have_not[1:]) if name not in precious)
    for name in removed:
        # Without its manifest, a partly removed directory does not count as a generation.
        host.remove(f"{layout.folder(name)}/{MANIFEST}")
        host.remove(layout.folder(name))
    precious |= set(kept)
    for name in host.listdir(layout.generations):
        if name not in precious and _UNFINISHED.match(name):
            host.remove(layout.folder(name))
    return removed
