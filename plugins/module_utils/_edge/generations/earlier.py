# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts about generations that an earlier version of the collection wrote, without facts in the manifest.

Such a generation can be live after an upgrade, or the target of a rollback. Its texts are searched, so that its
certificates, sockets and modules are checked as well.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator

from ..host.host import Host
from ..host.paths import Layout
from ..nginx.sockets import Listener
from ..tls.key_pairs import FULLCHAIN
from .content import Facts
from .store import Manifest

_LISTEN = re.compile(r"^\s*listen\s+([^;]+);", re.MULTILINE)
_PAIR = re.compile(rf"^\s*ssl_certificate\s+(/\S+)/{FULLCHAIN};", re.MULTILINE)
_MODULE = re.compile(r"^load_module (\S+);$", re.MULTILINE)


def facts_of(host: Host, layout: Layout, manifest: Manifest) -> Facts:
    """The facts of a manifest, or those that its texts show."""
    if manifest.facts is not None:
        return manifest.facts
    paths = (f"{layout.folder(manifest.name)}/{path}" for path in manifest.files)
    return facts_in([(host.read(path) or b"").decode(errors="replace") for path in paths])


def facts_in(texts: Iterable[str]) -> Facts:
    """The facts that texts show; unix sockets and host names are left out."""
    texts = list(texts)
    listens = [parameters.split() for text in texts for parameters in _LISTEN.findall(text)]
    tls = (words[0].rpartition(":")[2] for words in listens if "ssl" in words and "proxy_protocol" not in words)
    return Facts(
        listeners=tuple(sorted(set(_listeners(listens)))),
        tls_port=next((int(port) for port in tls if port.isdigit()), None),
        pairs=tuple(sorted({pair for text in texts for pair in _PAIR.findall(text)})),
        modules=tuple(path for text in texts for path in _MODULE.findall(text)),
    )


def _listeners(listens: Iterable[list[str]]) -> Iterator[Listener]:
    for words in listens:
        address, _separator, port = words[0].rpartition(":")
        if not port.isdigit():
            address, port = words[0], "80"
        address = address.strip("[]*") or "0.0.0.0"  # noqa: S104 - the meaning of `listen 80`
        try:
            address = str(ipaddress.ip_address(address))
        except ValueError:
            continue
        yield Listener(address, int(port), "quic" in words or "udp" in words)
