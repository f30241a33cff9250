# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``nginx-edge`` commands for shared certificates: provide them on the issuing edge, and receive them."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from typing import Any

from ..host.host import Host
from ..host.paths import Folders, Layout
from ..rotation.receiving import read_settings, receive
from ..rotation.sharing import write_bundle
from .certificates import local_edge


def add_commands(commands: Any) -> None:
    """Add the subcommands to the parser."""
    sharing = commands.add_parser("share", help="provide issued certificates to the edges that receive them")
    sharing.set_defaults(do=_share)
    receiving = commands.add_parser("receive", help="receive certificates from the issuing edge and deploy them")
    receiving.add_argument("--check", action="store_true", help="receive and check them, and change nothing")
    receiving.add_argument("--timeout", type=float, default=30.0, metavar="N", help="seconds to verify (default: 30)")
    receiving.set_defaults(do=_receive)


def _share(_options: argparse.Namespace, host: Host, _layout: Layout) -> str:
    changed = write_bundle(host, Folders())
    return "Provided to the other edges.\n" if changed else "They were provided already.\n"


def _receive(options: argparse.Namespace, host: Host, layout: Layout) -> str:
    settings, now = read_settings(host), datetime.fromtimestamp(host.now(), timezone.utc)
    edge = local_edge(host, layout)
    names = receive(
        host, edge, layout, Folders(), settings=settings, now=now, timeout=options.timeout, check=options.check
    )
    if not names:
        return f"nginx serves the certificates of {settings.issuing_edge}.\n"
    return f"{'To be received' if options.check else 'Received'} from {settings.issuing_edge}: {', '.join(names)}.\n"
