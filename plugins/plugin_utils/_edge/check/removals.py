# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that would remove most sites of an edge, such as with the inventory of another environment."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..model.edge import Edge
from ..syntax.problems import Problem

MANY = 10
MOST_PERCENT = 20
"""Of :data:`MANY` or more sites, that a run may remove without permission."""
LISTED = 5


def check_removals(edge: Edge, live: Collection[str]) -> Iterator[Problem]:
    """The sites that a run may not remove without ``edge_remove_sites``.

    :param live: names of the sites of the live generation.
    """
    removed = sorted({*live} - {site.name for site in edge.sites})
    renamed = len(live) == 1 and len(edge.sites) > 0
    too_many = len(live) >= MANY and 100 * len(removed) > MOST_PERCENT * len(live)
    if edge.remove_sites or not removed or renamed or not (len(removed) == len(live) or too_many):
        return
    more = f" and {len(removed) - LISTED} more" if len(removed) > LISTED else ""
    count = "the only site" if len(live) == 1 else f"{len(removed)} of {len(live)} sites"
    yield Problem(
        "edge_sites",
        f"this run would remove {count} of the edge ({', '.join(removed[:LISTED])}{more})",
        "check the inventory, or allow it with -e edge_remove_sites=true",
    )
