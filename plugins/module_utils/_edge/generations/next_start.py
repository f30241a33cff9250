# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether nginx would start again with what is on disk, and whether it runs what is on disk.

Upgrades outside a run change both: a module for another version of nginx makes the next start fail, and a running nginx
keeps the libraries that it was started with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Layout
from ..nginx.program import test_configuration
from .store import live_name


def start_problem(host: Host, layout: Layout) -> str | None:
    """Why nginx would not start with the live generation; empty if it would.

    :returns: None without a live generation, which is not tested.
    """
    live = live_name(host, layout)
    if live is None:
        return None
    try:
        test_configuration(host, f"{layout.folder(live)}/nginx.conf")
    except EdgeError as error:
        return error.message
    return ""


def problems(start: str, outdated: Sequence[str]) -> Iterator[str]:
    """A line for each problem, with what nginx serves, what its next start does, and the remedy.

    :param start: result of :func:`start_problem`.
    :param outdated: result of :func:`..nginx.outdated.outdated_files`.
    """
    if start:
        yield (
            f"nginx would not start again: {start}; a running nginx keeps serving, but a reload fails, and a restart or"
            " a reboot would take the edge down; if a package was upgraded, install versions that match, and run"
            " nginx-edge check"
        )
    if outdated:
        remedy = "restart nginx (systemctl restart nginx)"
        if start:
            remedy = "do not restart nginx before it would start again"
        yield (
            f"nginx still runs old versions of files that were replaced on disk: {', '.join(outdated)}; security fixes"
            f" in the new files have no effect until a restart, a reload is not enough; {remedy}"
        )
