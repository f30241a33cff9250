# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes of a run for Ansible's ``diff``, with changes by hand separate from changes of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..host.host import Host
from ..host.packing import unpacked
from ..host.paths import Layout
from ..host.redaction import redacted
from .content import Content
from .store import MANIFEST, WRITTEN, Manifest, digest_of, drift, live_name, read_manifest, running_name


def drifted_paths(host: Host, layout: Layout) -> list[str]:
    """Files that were changed since the last run: relative paths in the live generation, or the absolute path of
    ``nginx.conf`` if the link was replaced by a file. If the manifest of the live generation is missing or damaged, its
    other files cannot be compared, and it is the only one."""
    live = live_name(host, layout)
    manifest = read_manifest(host, layout, live) if live else None
    if manifest is not None:
        return drift(host, layout, manifest)
    if live is not None and host.exists(layout.folder(live)):
        return [MANIFEST]
    return [layout.conf] if running_name(host, layout) else []


def differences(host: Host, layout: Layout, content: Content) -> list[dict[str, Any]]:
    """The differences between the files on the host and ``content``: first the changes by hand, which are reverted,
    then the changes of the model. One entry for each changed file."""
    live = live_name(host, layout) or running_name(host, layout)
    manifest = read_manifest(host, layout, live) if live else None
    new = content.named(live or content.digest)
    if manifest is None:
        return [_entry(path, path, "", text) for path, text in sorted(new.items())]
    written = _written(host, layout, manifest, new)
    by_hand = []
    if live_name(host, layout) is None:
        before = _text(host.read(layout.conf))
        by_hand.append(_entry(*_by_hand(layout.conf), before, written.get("nginx.conf", "")))
    for path in drift(host, layout, manifest):
        now = _text(host.read(f"{layout.folder(manifest.name)}/{path}"))
        if path in manifest.files and path not in written:
            # An older version wrote the file without a copy, so changes by hand and of the model cannot be separated.
            written[path] = now
        by_hand.append(_entry(*_by_hand(path), now, written.get(path, "")))
    changes = [
        _entry(path, path, written.get(path, ""), new.get(path, ""))
        for path in sorted({*manifest.files, *new})
        if written.get(path, "") != new.get(path, "")
    ]
    return [*by_hand, *changes]


def _written(host: Host, layout: Layout, manifest: Manifest, new: Mapping[str, str]) -> dict[str, str]:
    """The original texts of a generation, as far as they are available; each is verified by its digest."""
    folder = layout.folder(manifest.name)
    try:
        copy = unpacked(host.read(f"{folder}/{WRITTEN}") or b"")
    except ValueError:
        copy = None
    if not isinstance(copy, dict):
        copy = {}
    found = {}
    for path, digest in manifest.files.items():
        for text in (copy.get(path, ""), new.get(path, ""), _text(host.read(f"{folder}/{path}"))):
            if digest_of(text.encode()) == digest:
                found[path] = text
                break
    return found


def _by_hand(path: str) -> tuple[str, str]:
    return f"{path} (changed by hand)", f"{path} (as it was written)"


def _entry(before_header: str, after_header: str, before: str, after: str) -> dict[str, Any]:
    texts = {"before": redacted(before), "after": redacted(after)}
    return {"before_header": before_header, "after_header": after_header, **texts}


def _text(data: bytes | None) -> str:
    return (data or b"").decode(errors="replace")
