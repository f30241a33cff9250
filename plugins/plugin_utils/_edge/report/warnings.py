# SPDX-License-Identifier: GPL-3.0-or-later
"""The warnings of a run, as lines for its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.next_start import problems

MANIFEST = "MANIFEST.json"
LINGERS = 60
"""Seconds after a reload from which on workers of earlier configurations are worth a line."""


def warning_lines(warnings: Mapping[str, Sequence[str]]) -> list[str]:
    """One line for each warning, with the hosts that it applies to; in the order of their first host.

    :param warnings: host -> its warnings. All hosts of the run are in it, those without warnings too.
    :returns: such as ``edge-1, edge-2: edge_upstreams[0]: …``, with ``all 3 hosts`` where it is for each of several.
    """
    hosts: dict[str, list[str]] = {}
    for host, texts in warnings.items():
        for text in dict.fromkeys(texts):
            hosts.setdefault(text, []).append(host)
    return [f"{_named(named, len(warnings))}: {text}" for text, named in hosts.items()]


def _named(hosts: Sequence[str], count: int) -> str:
    return f"all {count} hosts" if len(hosts) == count > 1 else ", ".join(hosts)


def warnings_on_state(generations: Mapping[str, Any], processes: Mapping[str, Any], *, unchanged: bool) -> list[str]:
    """Warnings about the state of a host before the run.

    :param generations: as the module ``nginx_info`` returns them, like ``processes``.
    :param unchanged: whether the run keeps the live generation. Otherwise, nginx tests another one.
    """
    found = list(problems((unchanged and generations["problem"]) or "", processes["outdated"]))
    drift, leaving = generations["drift"], processes["leaving"]
    if drift == [MANIFEST]:
        found.append(
            f"generations/{generations['live']}/{MANIFEST} is missing or damaged, so changes by hand cannot be detected"
            "; a run writes the generation again"
        )
    elif drift:
        kept = generations["live"] or "by-hand"
        found.append(
            f"changed by hand: {', '.join(drift)}; a run replaces it and keeps the changed files in generations/{kept}"
        )
    if leaving and (processes["since_proof"] or 0) >= LINGERS:
        workers = "1 worker" if len(leaving) == 1 else f"{len(leaving)} workers"
        pids = ", ".join(str(one["pid"]) for one in leaving)
        found.append(
            f"nginx: {workers} of earlier configurations still serve open connections (process {pids}, the oldest"
            f" started {leaving[0]['age']} s ago); edge_worker_shutdown_timeout limits this"
        )
    return found
