# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what several edges do together: peers for challenges, one that orders, probes of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..model.edge import Edge
from ..syntax.problems import Problem, did_you_mean

LONGEST_WAIT = 300
STATUSES = range(200, 600)


def check_fleet(edge: Edge) -> Iterator[Problem]:
    """Problems that the model of one edge shows."""
    if edge.acme and edge.acme.peers and edge.listen_proxy_protocol:
        reason = "peers are reached over plain HTTP, but with edge_listen_proxy_protocol they expect the PROXY protocol"
        yield Problem(edge.acme.at("peers"), reason, "write edge_acme.issuing_edge: one edge orders for all")
    for option, least in (("timeout", 1), ("retry_timeout", 0)):
        value = getattr(edge.probe, option) if edge.probe else None
        if value is not None and not least <= value <= LONGEST_WAIT:
            yield Problem(edge.probe.at(option), f"{value} is out of range", f"write {least} to {LONGEST_WAIT}")
    for site in edge.sites:
        for index, status in enumerate(site.probe.status if site.probe else ()):
            if status not in STATUSES:
                yield Problem(
                    f"{site.at('probe')}.status[{index}]",
                    f"{status} is not the status of an answer",
                    "write 200 to 599",
                )


def check_orderer(edge: Edge, hosts: Collection[str]) -> Iterator[Problem]:
    """Whether the edge that orders is one of the inventory's.

    :param hosts: names of all hosts of the inventory.
    """
    issuing_edge = edge.acme.issuing_edge if edge.acme else None
    if edge.acme and issuing_edge and issuing_edge not in hosts:
        hint = did_you_mean(issuing_edge, hosts) or "name one of its hosts"
        yield Problem(edge.acme.at("issuing_edge"), f"the inventory has no host '{issuing_edge}'", hint)
