# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode: a configuration is written to a temporary directory, tested by nginx, and removed."""

from __future__ import annotations

from ..host import paths
from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Folders, Layout
from ..tls.key_pairs import read_pair
from ..tls.self_signed import make_self_signed
from .content import Content
from .store import Manifest, new_manifest, write_tested


def rehearse(host: Host, layout: Layout, content: Content) -> Manifest:
    """Write a generation to a temporary directory, test it with nginx, and remove it.

    A temporary pair replaces certificates that a real run would create or replace first. Caches get temporary
    directories, because nginx creates cache directories during its test.

    :returns: the manifest that the generation would have.
    """
    name = f".check-{content.digest}"
    folder = layout.folder(name)
    host.remove(folder)
    try:
        host.mkdir(f"{folder}/cache")
        stand_ins = {f"{paths.CACHE_FOLDER}/": f"{folder}/cache/"}
        unusable = sorted(
            path for path in content.facts.pairs if path.startswith(f"{Folders().tls}/") and not _is_usable(host, path)
        )
        if unusable:
            _write_stand_in(host, f"{folder}/pair")
            stand_ins.update({f"{path}/": f"{folder}/pair/" for path in unusable})
        return write_tested(host, layout, content.replaced(stand_ins), new_manifest(host, layout, content, name))
    finally:
        host.remove(layout.folder(name))
        if not host.listdir(layout.generations):
            host.remove(layout.generations)


def _is_usable(host: Host, folder: str) -> bool:
    """Whether a pair exists and is intact; a real run replaces any other pair."""
    try:
        read_pair(host, folder)
    except EdgeError:
        return False
    return True


def _write_stand_in(host: Host, folder: str) -> None:
    pair = make_self_signed(
        host, names=("stand-in.invalid",), organisation="rehearsal", key_type="ecdsa", key_size=2048, days=1
    )
    host.mkdir(folder, 0o700)
    host.write(f"{folder}/fullchain.pem", pair.fullchain.encode(), durable=False)
    host.write(f"{folder}/privkey.pem", pair.privkey.encode(), 0o600, durable=False)
