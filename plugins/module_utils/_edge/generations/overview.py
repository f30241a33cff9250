# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An overview of the generations of a host: all of them, the live one, the one that answers, the rollback target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Layout
from ..nginx.service import Leaving, leaving_workers, master_pid
from .original import LIST
from .reload import answering_generation
from .store import ORIGINAL, Manifest, drift, last_proof, live_name, manifests, running_name
from .transaction import older_generation


@dataclass(frozen=True)
class Seen:
    """A generation on disk.

    :param proven: time when nginx was last proven to run it, in seconds since the epoch; None if it never was.
    :param drift: its files that were changed by hand.
    """

    manifest: Manifest
    proven: float | None
    drift: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the generation."""
        return self.manifest.name


@dataclass(frozen=True)
class Overview:
    """All generations of a host, newest first.

    :param live: the one that ``nginx.conf`` points to; None if ``nginx.conf`` does not belong to a generation.
    :param running: the one that nginx was last proven to run; None before the first one.
    :param answers: the one that answers now; None if none does.
    :param back: the target of a rollback without a name; None if there is none.
    :param leaving: workers of earlier configurations that still serve open connections, oldest first.
    :param original: whether the host has a complete copy of the configuration from before the first generation.
    """

    generations: Sequence[Seen]
    live: str | None
    running: str | None
    answers: str | None
    back: str | None
    leaving: Sequence[Leaving]
    original: bool

    def find(self, name: str) -> Seen:
        """A generation by its name or by a unique prefix of its name.

        :raises EdgeError: no generation matches, or more than one.
        """
        names = {one.name: one for one in self.generations}
        if name in names:
            return names[name]
        meant = [one for one in names if name and one.startswith(name)]
        if len(meant) == 1:
            return names[meant[0]]
        kept = ", ".join(meant or names) or "none"
        if meant:
            raise EdgeError(f"more than one generation on this host begins with {name}", [f"kept: {kept}"])
        raise EdgeError(f"there is no generation {name or '(empty)'} on this host", [f"kept: {kept}"])


def read_overview(host: Host, layout: Layout) -> Overview:
    """Read the generations of the host; this changes nothing and takes no lock."""
    kept = manifests(host, layout)
    live = live_name(host, layout)
    seen = [_seen(host, layout, one) for one in kept]
    # nginx may run another generation than the live one, which then answers on its own port.
    ports = dict.fromkeys(one.status_port for one in sorted(kept, key=lambda one: one.name != live))
    answers = next((answer for port in ports if (answer := answering_generation(host, port)) is not None), None)
    return Overview(
        seen,
        live,
        running_name(host, layout),
        answers,
        back=_back(host, layout, live),
        leaving=leaving_workers(host, master_pid(host)),
        original=host.exists(f"{layout.folder(ORIGINAL)}/{LIST}"),
    )


def _seen(host: Host, layout: Layout, one: Manifest) -> Seen:
    proof = last_proof(host, layout, one.name)
    return Seen(one, proof.at if proof is not None else None, tuple(drift(host, layout, one)))


def _back(host: Host, layout: Layout, live: str | None) -> str | None:
    try:
        return older_generation(host, layout, live, None).name
    except EdgeError:
        return None
