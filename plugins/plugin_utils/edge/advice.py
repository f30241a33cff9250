# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts of a run are advised, as lines for its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def advice_lines(advice: Mapping[str, Sequence[str]]) -> list[str]:
    """One line for each piece of advice, with the hosts that it is for; in the order in which it was first given.

    :param advice: host -> what it is advised. All hosts of the run are in it, those without advice too.
    :returns: such as ``edge-1, edge-2: edge_upstreams[0]: …``, with ``all 3 hosts`` where it is for each of several.
    """
    hosts: dict[str, list[str]] = {}
    for host, texts in advice.items():
        for text in dict.fromkeys(texts):
            hosts.setdefault(text, []).append(host)
    return [f"{_named(named, len(advice))}: {text}" for text, named in hosts.items()]


def _named(hosts: Sequence[str], count: int) -> str:
    return f"all {count} hosts" if len(hosts) == count > 1 else ", ".join(hosts)
