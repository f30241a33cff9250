# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the nginx on this host, which knows on which sockets the sites of the live generation are served."""

from __future__ import annotations

from ..host.host import Host
from ..host.paths import HTTP_PORT, HTTPS_PORT, LOOPBACK, Layout
from ..tls.served import LoopbackClient
from .content import Facts
from .earlier import facts_of
from .store import live_name, read_manifest


def local_client(
    host: Host, layout: Layout, *, address: str = LOOPBACK, http_port: int = HTTP_PORT, https_port: int | None = None
) -> LoopbackClient:
    """A client for the live generation.

    :param https_port: the port for names that have no separate socket; None for a TLS port of the generation.
    """
    live = live_name(host, layout)
    manifest = read_manifest(host, layout, live) if live else None
    facts = facts_of(host, layout, manifest) if manifest else Facts()
    return LoopbackClient(address, http_port, https_port or facts.tls_port or HTTPS_PORT, facts.sockets)
