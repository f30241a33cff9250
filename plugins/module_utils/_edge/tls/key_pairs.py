# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs of a certificate chain and its private key: reading, checking, storing and switching them.

nginx reads ``<tls>/<name>/fullchain.pem`` and ``privkey.pem``. ``<tls>/<name>`` is a link, so both change together::

    <tls>/<name>                    -> .issued/<name>/<digest>, or .pairs/<name>/<digest>
    <tls>/.issued/<name>/<digest>/  copy of a certbot lineage: fullchain.pem, privkey.pem
    <tls>/.pairs/<name>/<digest>/   the same for a provided, received or self-signed pair, or a placeholder

A directory is not changed once it has its final name, so nginx never reads an unchecked pair. certbot changes its own
lineage, and only a checked copy of it replaces the pair in use.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ..host.errors import EdgeError
from ..host.host import Host, switch_symlink
from .x509 import X509Certificate, key_belongs, key_matches, parse_chain

FULLCHAIN = "fullchain.pem"
PRIVKEY = "privkey.pem"
STORE = ".pairs"
ISSUED = ".issued"
"""The stores below the TLS directory: for provided, received and self-signed pairs, and for copies of lineages."""
_UNFINISHED = ".unfinished"
_NAME_ON_DISK = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\Z")


@dataclass(frozen=True)
class Pair:
    """A chain and its private key as texts; the key is excluded from the printed form."""

    fullchain: str
    privkey: str = field(repr=False)
    chain: tuple[X509Certificate, ...]

    @property
    def certificate(self) -> X509Certificate:
        return self.chain[0]

    @property
    def digest(self) -> str:
        content = hashlib.sha256()
        for text in (self.fullchain, self.privkey):
            content.update(hashlib.sha256(text.encode()).digest())
        return content.hexdigest()[:32]


def checked_pair(host: Host, fullchain: str, privkey: str, known: str | None = None) -> Pair:
    """A pair from its two texts; raises ``EdgeError`` if one cannot be read or they do not match.

    :param known: digest of a pair that was checked earlier. If the texts have this digest, the key is not compared with
        the certificate again, which may require openssl.
    """
    pair = Pair(fullchain, privkey, parse_chain(fullchain))
    if pair.digest != known and not key_belongs(host, pair.certificate, privkey):
        raise EdgeError(mismatch(pair.chain, privkey))
    return pair


def mismatch(chain: Sequence[X509Certificate], privkey: str) -> str:
    """The error message for a key that does not match the first certificate."""
    for place, certificate in enumerate(chain[1:], 2):
        if key_matches(certificate, privkey):
            return f"the private key belongs to certificate {place} of the file: put that certificate first"
    return "the private key does not match the certificate: nginx would reject every client"


def read_pair(host: Host, folder: str, known: str | None = None) -> Pair:
    """The pair in a directory (or in the target of a link); raises ``EdgeError`` if it is missing or damaged.

    :param known: as for :func:`checked_pair`.
    """
    fullchain, privkey = (_read(host, os.path.join(folder, name)) for name in (FULLCHAIN, PRIVKEY))
    try:
        return checked_pair(host, fullchain, privkey, known)
    except EdgeError as error:
        raise EdgeError(f"{folder}: {error.message}", error.details) from error


def intact_pair(host: Host, folder: str, known: str | None = None) -> Pair | None:
    """The pair in a directory; None if it is missing or damaged. ``known`` as for :func:`checked_pair`."""
    try:
        return read_pair(host, folder, known)
    except EdgeError:
        return None


def read_chain(host: Host, folder: str) -> tuple[X509Certificate, ...]:
    """The certificates of a pair, without reading its key; raises ``EdgeError`` like :func:`read_pair`."""
    text = _read(host, os.path.join(folder, FULLCHAIN))
    try:
        return parse_chain(text)
    except EdgeError as error:
        raise EdgeError(f"{folder}: {error.message}", error.details) from error


def _read(host: Host, path: str) -> str:
    content = host.read(path)
    if content is None:
        raise EdgeError(f"{path} is missing")
    return content.decode(errors="replace")


def order_problem(chain: Sequence[X509Certificate]) -> str | None:
    """The error in the order of a chain, or None. Each certificate must be followed by its issuer (RFC 5246, 7.4.2)."""
    if all(one.issuer == after.subject for one, after in zip(chain, chain[1:])):
        return None
    ordered, left = [chain[0]], list(chain[1:])
    while left:
        after = next((one for one in left if one.subject == ordered[-1].issuer), None)
        if after is None or ordered[-1].is_self_signed:
            strangers = "; ".join(f"'{one.subject}'" for one in left)
            return f"{strangers} issued none of the certificates before it in the chain: remove it"
        left.remove(after)
        ordered.append(after)
    right = ", then ".join(f"'{one.subject}'" for one in ordered)
    return f"the chain is out of order: each certificate must be followed by its issuer: {right}"


def expiry_problem(certificate: X509Certificate, now: datetime) -> str | None:
    """Why a client would reject the dates of the certificate, or None."""
    if certificate.expired(now):
        return f"the certificate expired on {certificate.not_after:%Y-%m-%d}"
    if now < certificate.not_before:
        return f"the certificate is not valid before {certificate.not_before:%Y-%m-%d %H:%M} UTC"
    return None


def problems_of(chain: Sequence[X509Certificate], names: Sequence[str], now: datetime) -> Iterator[str]:
    """The problems of a chain that will serve ``names``: its dates, its names, its order."""
    expiry = expiry_problem(chain[0], now)
    if expiry:
        yield expiry
    missing = chain[0].uncovered(names)
    if missing:
        has = ", ".join(chain[0].names) or "no name at all"
        yield f"the certificate does not cover {', '.join(missing)} (it has {has})"
    for issuer in chain[1:]:
        if issuer.expired(now):
            yield f"'{issuer.subject}' of the chain expired on {issuer.not_after:%Y-%m-%d}"
    disorder = order_problem(chain)
    if disorder:
        yield disorder


def check_name(name: str) -> None:
    """Reject a certificate name that is not a plain file name, because it is used as a path below the TLS directory."""
    if not _NAME_ON_DISK.match(name):
        raise EdgeError(f"'{name}' cannot name a certificate: use letters, digits, dots, dashes and underscores")


def stored_target(name: str, pair: Pair, store: str = STORE) -> str:
    """The link target of a certificate that uses this pair, relative to the TLS directory."""
    return f"{store}/{name}/{pair.digest}"


def is_stored(name: str, target: str | None, store: str = STORE) -> bool:
    """Whether a link target is a pair of that store."""
    return target is not None and target.startswith(f"{store}/{name}/")


def stored_digest(name: str, target: str | None) -> str | None:
    """The digest in a link target; None if the target is in no store. Every stored pair was checked."""
    if target is None or not (is_stored(name, target) or is_stored(name, target, ISSUED)):
        return None
    return target.rpartition("/")[2]


def store_pair(host: Host, tls: str, name: str, pair: Pair, store: str = STORE, *, durable: bool = True) -> str:
    """Write a pair to the directory of its digest, and return the target for the link.

    :param durable: make it durable; for many pairs, call :meth:`.Host.sync_filesystem` once before they are linked.
    """
    target = stored_target(name, pair, store)
    final = os.path.join(tls, target)
    contents = ((FULLCHAIN, pair.fullchain.encode(), 0o644), (PRIVKEY, pair.privkey.encode(), 0o600))
    if all(host.read(os.path.join(final, file)) == data for file, data, _mode in contents):
        return target
    shelf = os.path.dirname(final)
    unfinished = os.path.join(shelf, _UNFINISHED)
    host.mkdir(tls)
    host.mkdir(os.path.dirname(shelf), 0o700)
    host.mkdir(shelf, 0o700)
    host.remove(unfinished)
    host.mkdir(unfinished, 0o700)
    for file, data, mode in contents:
        host.write(os.path.join(unfinished, file), data, mode, durable=durable)
    if durable:
        host.fsync_dir(unfinished)
    host.remove(final)  # it can only be damaged: for an intact pair, the function has returned above
    host.rename(unfinished, final)
    if durable:
        host.fsync_dir(shelf)
        host.fsync_dir(os.path.dirname(shelf))
    return target


def point(host: Host, tls: str, name: str, target: str, *, durable: bool = True) -> None:
    """Link the certificate ``name`` to the pair at ``target``, by one rename; ``durable`` as for a link."""
    path = os.path.join(tls, name)
    if host.exists(path) and host.readlink(path) is None:
        raise EdgeError(f"{path} is not a symbolic link: move it away; the collection creates symbolic links there")
    host.mkdir(tls)
    switch_symlink(host, target, path, durable=durable)


def kept_pairs(host: Host, tls: str, name: str, store: str) -> list[Pair]:
    """The intact pairs of a certificate in a store, including the one in use."""
    shelf = os.path.join(tls, store, name)
    found = (intact_pair(host, os.path.join(shelf, digest)) for digest in host.listdir(shelf))
    return [pair for pair in found if pair is not None]


def remove_old_pairs(host: Host, tls: str, name: str, keep: set[str | None]) -> None:
    """Remove stored pairs of a certificate, except the targets in ``keep`` (the one in use and the previous one)."""
    for store in (STORE, ISSUED):
        for digest in host.listdir(os.path.join(tls, store, name)):
            target = f"{store}/{name}/{digest}"
            if target not in keep:
                host.remove(os.path.join(tls, target))
