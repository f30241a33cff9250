# SPDX-License-Identifier: GPL-3.0-or-later
"""The names and ports that a model serves, to compare them with those of a host that is taken over."""

from __future__ import annotations

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Facts

from ..model.edge import Edge
from ..syntax.raw import read_raw


def served_names(edge: Edge) -> list[str]:
    """All server names: of the sites, of TLS streams, and of server blocks in raw directives."""
    names = [name for site in edge.sites for name in site.names]
    names += [name for stream in edge.streams for preread in stream.ssl_preread for name in preread.names]
    if "server_name" in edge.extra_directives:
        raw = read_raw(edge.extra_directives).directives
        names += [name for one in raw if one.name == "server_name" for name in one.words[1:]]
    return list(dict.fromkeys(name.lower() for name in names))


def served_ports(facts: Facts) -> list[str]:
    """All ports, such as ``443/tcp``."""
    return sorted({f"{one.port}/{'udp' if one.udp else 'tcp'}" for one in facts.listeners})
