# SPDX-License-Identifier: GPL-3.0-or-later
"""The resolution of host names of backends."""

from __future__ import annotations

from ..model.edge import Edge
from ..model.upstream import Upstream
from .capabilities import UPSTREAM_RESOLVE, Target


def resolves(upstream: Upstream, edge: Edge, target: Target) -> bool:
    """Whether nginx looks up the names of an upstream's servers again while it runs."""
    return upstream.resolve != "off" and bool(edge.resolver) and target.can(UPSTREAM_RESOLVE)
