# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploys renewed certificates: checks them, switches the links, reloads nginx, and verifies that nginx serves them.

certbot renews its own lineages, which nginx never reads. A renewed lineage is checked and copied, the link of its
certificate is switched, and nginx is reloaded. If a step fails, the link is switched back to the pair that was served
before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from ..generations.earlier import facts_of
from ..generations.reload import reload_and_prove
from ..generations.store import live_name, read_manifest
from ..generations.transaction import locked
from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Folders, Layout
from ..nginx.program import test_configuration
from ..tls import key_pairs
from ..tls.key_pairs import Pair
from ..tls.served import Observation, TlsClient, handshake_for, observe
from .unused import read_record, remove_pairs

KEEP_ALL = 1_000_000
"""The inventory sets the number of generations to keep, so a renewal never removes any."""


@dataclass(frozen=True)
class Renewed:
    """A certificate with a new pair that nginx does not use yet."""

    name: str
    pair: Pair
    before: str
    store: str = key_pairs.ISSUED

    @property
    def target(self) -> str:
        """The new target for the link of the certificate."""
        return key_pairs.stored_target(self.name, self.pair, self.store)


def issued_names(host: Host, folders: Folders) -> list[str]:
    """Names of the certificates that nginx gets from certbot lineages."""
    links = ((name, host.readlink(folders.link(name))) for name in host.listdir(folders.tls))
    return [
        name
        for name, target in links
        if key_pairs.is_stored(name, target, key_pairs.ISSUED) or target == folders.lineage(name)
    ]


def find_renewed(
    host: Host, folders: Folders, now: datetime, only: str | None = None
) -> tuple[list[Renewed], list[str]]:
    """The renewed lineages that are not in use yet, and the errors of lineages that cannot be used.

    :param only: directory of the only lineage to check; default all.
    """
    found: list[Renewed] = []
    problems: list[str] = []
    removed = read_record(host).removed
    for name in issued_names(host, folders):
        if only is not None and only != folders.lineage(name):
            continue
        if name in removed and not host.exists(folders.lineage(name)):
            continue  # it is no longer in use
        lineage = folders.lineage(name)
        try:
            pair = key_pairs.read_pair(host, lineage)
        except EdgeError as error:
            problems.append(error.message)
            continue
        if wrong := list(key_pairs.problems_of(pair.chain, (), now)):
            problems.append(f"{lineage}: {'; '.join(wrong)}")
            continue
        one = Renewed(name, pair, host.readlink(folders.link(name)) or "")
        if one.before != one.target:
            found.append(one)
    return found, problems


def take_over(
    host: Host, edge: TlsClient, layout: Layout, folders: Folders, now: datetime, *, only: str | None, timeout: float
) -> list[str]:
    """Deploy renewed certificates, and prove that nginx serves the certificates on disk.

    :param only: directory of the only lineage to deploy; default all lineages that nginx uses.
    :param timeout: seconds to wait until new workers answer, and until nginx serves the certificates on disk.
    :returns: names of the certificates that were deployed; none if nginx uses no such lineage.
    :raises EdgeError: a certificate could not be deployed, and the previous one is in use. The others were processed.
    """
    with locked(host, layout):
        renewed, problems = find_renewed(host, folders, now, only)
        names = issued_names(host, folders) if only is None else [one.name for one in renewed]
        into_service(host, edge, layout, folders, renewed, names=names, timeout=timeout)
        remove_pairs(host, layout, folders)
    if problems:
        raise EdgeError("a renewed certificate cannot be used; nginx keeps the current one", problems)
    return [one.name for one in renewed]


def into_service(
    host: Host,
    edge: TlsClient,
    layout: Layout,
    folders: Folders,
    renewed: Sequence[Renewed],
    *,
    names: Sequence[str],
    timeout: float,
) -> None:
    """Switch to checked pairs, reload, and prove that nginx serves the certificates on disk. The caller holds the lock.

    :param names: all certificates to prove. If one of them is not served, nginx is reloaded even without new pairs.
    :raises EdgeError: nginx rejects the new pairs, and the previous ones are in use; or nginx does not serve them.
    """
    if renewed:
        with _way_back(host, folders, renewed):
            test_configuration(host, layout.conf)
            reload_and_prove(host, layout, timeout=timeout, keep=KEEP_ALL)
    elif names and stale(host, edge, layout, folders, names):
        reload_and_prove(host, layout, timeout=timeout, keep=KEEP_ALL)
    late = stale(host, edge, layout, folders, names, timeout=timeout)
    if late:
        raise EdgeError("nginx does not serve the certificates on disk", [f"{one.name}: {one.problem}" for one in late])


@contextmanager
def _way_back(host: Host, folders: Folders, renewed: Sequence[Renewed]) -> Iterator[None]:
    """Switch the links of renewed certificates, and switch them back if nginx rejects them."""
    try:
        for one in renewed:
            key_pairs.store_pair(host, folders.tls, one.name, one.pair, one.store)
            key_pairs.point(host, folders.tls, one.name, one.target)
        yield
    except (EdgeError, OSError):
        for one in renewed:
            key_pairs.point(host, folders.tls, one.name, one.before)
        raise
    for one in renewed:
        key_pairs.remove_old_pairs(host, folders.tls, one.name, {one.before, one.target})


def observe_one(host: Host, edge: TlsClient, folders: Folders, name: str, *, used: bool = True) -> Observation:
    """A certificate on disk, and the certificate that is served for its names; its private key is not read.

    :param used: whether any site uses it. An nginx that cannot reject a handshake serves a placeholder for names that
        no site has, which is not an error.
    """
    try:
        own = key_pairs.read_chain(host, folders.link(name))[0]
    except EdgeError as error:
        return Observation(name, (), None, error.message, handshake_for(edge, ()))
    return Observation(name, own.names, own, "", handshake_for(edge, own.names if used else (), own))


def observe_all(
    host: Host, edge: TlsClient, layout: Layout, folders: Folders, names: Sequence[str], *, timeout: float = 0
) -> list[Observation]:
    """All certificates, as soon as they are served or after ``timeout`` seconds."""
    live = live_name(host, layout)
    manifest = read_manifest(host, layout, live) if live else None
    used = facts_of(host, layout, manifest).pairs if manifest else ()
    return observe(
        lambda name: observe_one(host, edge, folders, name, used=folders.link(name) in used),
        names,
        timeout=timeout,
        sleep=host.sleep,
    )


def stale(
    host: Host, edge: TlsClient, layout: Layout, folders: Folders, names: Sequence[str], *, timeout: float = 0
) -> list[Observation]:
    """The certificates for which nginx serves a different certificate than the one on disk."""
    return [one for one in observe_all(host, edge, layout, folders, names, timeout=timeout) if one.stale]
