# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has of generations, seen at once: which are there, which is live, which answers, which rollback takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Layout
from ..nginx.service import Leaving, leaving_workers, master_pid
from .reload import answering_generation
from .store import Manifest, drift, last_proof, live_name, manifests, running_name
from .transaction import older_generation


@dataclass(frozen=True)
class Seen:
    """A generation on disk.

    :param proven: seconds since the epoch when nginx was last proven to run it; None when it never was.
    :param drift: its files that are not as they were written.
    """

    manifest: Manifest
    proven: float | None
    drift: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name."""
        return self.manifest.name


@dataclass(frozen=True)
class Overview:
    """All generations of a host, the youngest first.

    :param live: the one that ``nginx.conf`` leads to; None for a file that is no generation's.
    :param running: the one last proven in memory; None before the first.
    :param answers: the one that answers now; None when none does.
    :param back: the one that a rollback without a name takes; None when there is none.
    :param leaving: workers of earlier configurations that still serve open connections, the oldest first.
    """

    generations: Sequence[Seen]
    live: str | None
    running: str | None
    answers: str | None
    back: str | None
    leaving: Sequence[Leaving]

    def find(self, name: str) -> Seen:
        """A generation by its name, or by the beginning of it that no other has.

        :raises EdgeError: there is none, or more than one.
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
    """See what is there; nothing is changed, and no lock is taken."""
    kept = manifests(host, layout)
    live = live_name(host, layout)
    seen = [_seen(host, layout, one) for one in kept]
    # What runs may be none of the live generation, and then its own port is the one that answers.
    ports = dict.fromkeys(one.status_port for one in sorted(kept, key=lambda one: one.name != live))
    answers = next((answer for port in ports if (answer := answering_generation(host, port)) is not None), None)
    return Overview(
        seen,
        live,
        running_name(host, layout),
        answers,
        back=_back(host, layout, live),
        leaving=leaving_workers(host, master_pid(host)),
    )


def _seen(host: Host, layout: Layout, one: Manifest) -> Seen:
    proof = last_proof(host, layout, one.name)
    return Seen(one, proof.at if proof is not None else None, tuple(drift(host, layout, one)))


def _back(host: Host, layout: Layout, live: str | None) -> str | None:
    try:
        return older_generation(host, layout, live, None).name
    except EdgeError:
        return None
