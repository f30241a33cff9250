# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generations: complete nginx configurations, one of which is live.

A generation is a directory below ``/etc/nginx/generations``. It is written and tested under its final name, because
its includes are absolute paths into the directory. One rename(2) makes ``nginx.conf`` a link to it; this is the only
switch. A directory without a manifest was never proven to pass ``nginx -t`` and does not count as a generation.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, NamedTuple

from ..host.errors import EdgeError
from ..host.host import Host, replace_file, switch_symlink
from ..host.packing import packed
from ..host.paths import Layout
from ..nginx.program import PLACES, test_configuration
from .content import Content, Facts

ORIGINAL = "original"
"""Name of the configuration that the host had before its first generation."""

MANIFEST = "MANIFEST.json"

SUBFOLDERS = ("sites", "streams")
"""Directories of a generation from which nginx includes all files."""

WRITTEN = "WRITTEN"
"""Packed copy of all original texts in a generation's directory, used to show changes by hand."""

PROVEN = "PROVEN"
"""File in a generation's directory with the time when nginx was last proven to run it, in seconds since the epoch,
followed by the sequence number of the proof on this host, because the clock may be set back."""

ROOM = ".room"
"""File in a generation's directory that reserves space for :data:`PROVEN`: the disk may be full at the first proof."""

BY_HAND = "by-hand"
"""Directory for an ``nginx.conf`` that replaced the link by hand; it is kept for inspection."""

_TO_GENERATION = re.compile(r"(?:\S*/)?generations/([^/]+)/nginx\.conf")
_BLOCK = 4096
"""Number of bytes that a small file occupies on most file systems."""


@dataclass(frozen=True)
class Manifest:
    """The metadata of a generation.

    :param name: name of its directory: the digest, followed by a number if another directory of that digest was changed
        by hand.
    :param digest: digest of the content from the controller.
    :param created: time of creation, in seconds since the epoch.
    :param status_port: loopback port on which it answers ``/generation``.
    :param version: version of the collection that wrote it.
    :param files: relative path -> SHA-256 in hexadecimal.
    :param warnings: warnings of nginx from its test; default none.
    :param made_by: user and host that ran Ansible, as ``user@controller``; default unknown.
    :param number: sequence number on this host, which orders generations independently of the clock; default 0, the
        oldest.
    :param facts: facts about its configuration; None if an earlier version of the collection wrote it.
    """

    name: str
    digest: str
    created: float
    status_port: int
    version: str
    files: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    made_by: str = ""
    number: int = 0
    facts: Facts | None = None


_MANIFEST_FIELDS = frozenset(one.name for one in fields(Manifest))


def live_name(host: Host, layout: Layout) -> str | None:
    """Name of the generation that ``nginx.conf`` points to; None if it does not belong to a generation."""
    found = _TO_GENERATION.fullmatch(host.readlink(layout.conf) or "")
    return found.group(1) if found else None


def running_name(host: Host, layout: Layout) -> str | None:
    """Name of the generation that nginx was last proven to run."""
    return host.readlink(layout.running)


def read_manifest(host: Host, layout: Layout, name: str) -> Manifest | None:
    """The manifest of a generation; None if it has no readable manifest."""
    raw = host.read(f"{layout.folder(name)}/{MANIFEST}")
    try:
        found = json.loads(raw) if raw is not None else {}
        # A later version may have written additional fields; its generations are still valid rollback targets.
        known = {key: value for key, value in found.items() if key in _MANIFEST_FIELDS}
        return Manifest(**{**known, "facts": _facts(known.get("facts"))})
    except (AttributeError, ValueError, TypeError):
        return None


def _facts(plain: Any) -> Facts | None:
    """The facts of a manifest; None if an earlier or a later version of the collection wrote it."""
    try:
        return Facts.from_plain(plain)
    except (KeyError, TypeError):
        return None


def manifests(host: Host, layout: Layout) -> list[Manifest]:
    """All generations that passed their test, newest first."""
    names = (name for name in host.listdir(layout.generations) if not name.startswith("."))
    found = (read_manifest(host, layout, name) for name in names if name != os.path.basename(layout.running))
    sound = (manifest for manifest in found if manifest is not None)
    return sorted(sound, key=lambda one: (one.number, one.created), reverse=True)


class Proven(NamedTuple):
    """The last proof that nginx ran a generation; a later proof compares as greater.

    :param number: sequence number of the proof on this host; 0 if an older version did not write one.
    :param at: time of the proof, in seconds since the epoch.
    """

    number: int
    at: float


def last_proof(host: Host, layout: Layout, name: str) -> Proven | None:
    """The last proof of a generation; None if it was never proven."""
    words = (host.read(f"{layout.folder(name)}/{PROVEN}") or b"").split()
    try:
        return Proven(int(words[1]) if len(words) > 1 else 0, float(words[0]))
    except (IndexError, ValueError):
        return None


def remember_proof(host: Host, layout: Layout, name: str) -> None:
    """Record that nginx was just proven to run a generation."""
    proofs = (last_proof(host, layout, one.name) for one in manifests(host, layout))
    number = max((proof.number for proof in proofs if proof is not None), default=0) + 1
    host.remove(f"{layout.folder(name)}/{ROOM}")
    replace_file(host, f"{layout.folder(name)}/{PROVEN}", f"{host.now()} {number}\n".encode())
    if running_name(host, layout) != name:
        switch_symlink(host, name, layout.running)


def drift(host: Host, layout: Layout, manifest: Manifest) -> list[str]:
    """Files of a generation that were changed, removed or added since it was written (sorted relative paths)."""
    folder = layout.folder(manifest.name)
    # Hidden files are our own or left over from interrupted runs; nginx does not read them.
    apart = (MANIFEST, PROVEN, WRITTEN, *SUBFOLDERS)
    present = {name for name in host.listdir(folder) if name not in apart and name[0] != "."}
    present |= {f"{inner}/{name}" for inner in SUBFOLDERS for name in host.listdir(f"{folder}/{inner}")}
    changed = {
        path
        for path, digest in manifest.files.items()
        if path not in present or digest_of(host.read(f"{folder}/{path}") or b"") != digest
    }
    return sorted(changed | (present - set(manifest.files)))


def find_sound(host: Host, layout: Layout, digest: str) -> Manifest | None:
    """A generation of that content whose files are unchanged; the live one is preferred."""
    live = live_name(host, layout)
    same = [manifest for manifest in manifests(host, layout) if manifest.digest == digest]
    for manifest in sorted(same, key=lambda one: one.name != live):
        if not drift(host, layout, manifest):
            return manifest
    return None


def stage(host: Host, layout: Layout, content: Content) -> Manifest:
    """Write a generation next to the live one and test it with nginx, without changing the live one.

    :raises EdgeError: nginx rejects it; its directory is removed.
    """
    manifest = new_manifest(host, layout, content, _free_name(host, layout, content.digest))
    try:
        return write_tested(host, layout, content, manifest)
    except (EdgeError, OSError):
        host.remove(layout.folder(manifest.name))
        raise


def new_manifest(host: Host, layout: Layout, content: Content, name: str) -> Manifest:
    """A new manifest for a content with that name."""
    return Manifest(
        name,
        content.digest,
        host.now(),
        content.status_port,
        content.version,
        {path: digest_of(text.encode()) for path, text in content.named(name).items()},
        made_by=content.made_by,
        number=max((one.number for one in manifests(host, layout)), default=0) + 1,
        facts=content.facts,
    )


def digest_of(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write_tested(host: Host, layout: Layout, content: Content, manifest: Manifest) -> Manifest:
    """Write the directory of a generation, test it with nginx, and make it durable.

    :returns: the manifest with the warnings of nginx.
    :raises EdgeError: nginx rejects it; the caller must remove the directory.
    """
    folder = layout.folder(manifest.name)
    for inner in SUBFOLDERS:
        host.mkdir(f"{folder}/{inner}")
    texts = content.named(manifest.name)
    for path, text in texts.items():
        host.write(f"{folder}/{path}", text.encode(), durable=False)
    host.write(f"{folder}/{PLACES}", json.dumps(dict(content.places)).encode(), durable=False)
    host.write(f"{folder}/{WRITTEN}", packed(texts).encode(), durable=False)
    host.write(f"{folder}/{ROOM}", bytes(_BLOCK), durable=False)
    tested = replace(manifest, warnings=test_configuration(host, f"{folder}/nginx.conf"))
    host.sync_filesystem(folder)
    # The manifest marks a generation that passed the test, so it is written last.
    host.write(f"{folder}/{MANIFEST}", (json.dumps(asdict(tested), indent=2) + "\n").encode())
    host.fsync_dir(folder)
    host.fsync_dir(layout.generations)
    return tested


def _free_name(host: Host, layout: Layout, digest: str) -> str:
    """The digest, followed by a number if a directory of that name contains another generation. A directory that an
    interrupted run left before its test is removed. A directory with a manifest is kept for inspection."""
    number = 1
    while True:
        name = digest if number == 1 else f"{digest}-{number}"
        if name != live_name(host, layout) and read_manifest(host, layout, name) is None:
            host.remove(layout.folder(name))
            return name
        number += 1


def switch(host: Host, layout: Layout, name: str) -> None:
    """Make a generation live. The first switch keeps the previous ``nginx.conf`` as :data:`ORIGINAL`. A file that
    replaced the link later is kept as :data:`BY_HAND`."""
    if name == ORIGINAL:
        data = host.read(f"{layout.folder(ORIGINAL)}/nginx.conf")
        if data is None:
            raise EdgeError("there is no original configuration to go back to")
        # The original is copied to its old path, because its relative includes are read from there.
        replace_file(host, layout.conf, data, 0o644)
        return
    if live_name(host, layout) is None:
        _keep_replaced(host, layout)
    switch_symlink(host, f"generations/{name}/nginx.conf", layout.conf)


def _keep_replaced(host: Host, layout: Layout) -> None:
    data = host.read(layout.conf)
    original = host.read(f"{layout.folder(ORIGINAL)}/nginx.conf")
    if data is None or data == original:
        return
    first = original is None and running_name(host, layout) is None
    folder = layout.folder(ORIGINAL if first else BY_HAND)
    host.mkdir(folder)
    replace_file(host, f"{folder}/nginx.conf", data)
