# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""certbot's account at an authority: bound to a customer when it is made, and made anew when the authority lost it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from ..host.host import Host, replace_file
from ..tls.dns import OWN_FOLDER, own_folder
from .directory import Authority

_FORGOTTEN = re.compile(r"urn:ietf:params:acme:error:accountDoesNotExist")
"""RFC 8555, section 6.7."""
_CLOSED = re.compile(r"urn:ietf:params:acme:error:unauthorized[^\n]*[Aa]ccount[^\n]*(deactivated|revoked|is not valid)")
"""RFC 8555, section 7.3.6: an account that somebody closed; the words are Boulder's and Pebble's."""
_SERVER = re.compile(r"^server\s*=\s*(\S+)[ \t]*$", re.MULTILINE)
_ACCOUNT = re.compile(r"^(account\s*=\s*)(\S+)[ \t]*$", re.MULTILINE)


def is_forgotten(log: str) -> bool:
    """Whether the authority says that it does not know the account, as one that lost its data would."""
    return _FORGOTTEN.search(log) is not None


def is_closed(log: str) -> bool:
    """Whether the authority says that the account was deactivated or revoked."""
    return _CLOSED.search(log) is not None


def folder_of(letsencrypt: str, directory_url: str) -> str:
    """Where certbot keeps its accounts at an authority."""
    parts = urlsplit(directory_url)
    return os.path.join(letsencrypt, "accounts", parts.netloc, parts.path.strip("/"))


def accounts(host: Host, letsencrypt: str, authority: Authority) -> list[str]:
    """Names of the accounts that certbot has at an authority."""
    folder = folder_of(letsencrypt, authority.directory_url)
    return [name for name in host.listdir(folder) if host.exists(os.path.join(folder, name, "regr.json"))]


def set_aside(host: Host, letsencrypt: str, authority: Authority) -> str | None:
    """Take the one account at an authority out of certbot's sight, so that it registers anew.

    :returns: the folder that keeps it; None where certbot has none or several, which is left to people.
    """
    names = accounts(host, letsencrypt, authority)
    if len(names) != 1:
        return None
    (name,) = names
    own = os.path.join(letsencrypt, OWN_FOLDER)
    kept = os.path.join(own, f"account-{name}")
    own_folder(host, own)
    host.remove(kept)
    host.rename(os.path.join(folder_of(letsencrypt, authority.directory_url), name), kept)
    host.fsync_dir(own)
    return kept


def follow(host: Host, letsencrypt: str, authority: Authority) -> None:
    """Let renewals at an authority that name an account which is gone use the one that certbot has now."""
    names = accounts(host, letsencrypt, authority)
    if len(names) != 1:
        return
    folder = os.path.join(letsencrypt, "renewal")
    for file in host.listdir(folder):
        path = os.path.join(folder, file)
        text = (host.read(path) or b"").decode(errors="surrogateescape")
        server = _SERVER.search(text)
        if server is None or server[1] != authority.directory_url:
            continue
        changed = _ACCOUNT.sub(lambda found: found[1] + names[0], text)
        if changed != text:
            replace_file(host, path, changed.encode(errors="surrogateescape"))


@contextmanager
def binding(host: Host, letsencrypt: str, authority: Authority) -> Iterator[list[str]]:
    """Arguments by which certbot reads what binds the account: from a file for root alone, never from its command line,
    which every user of the host may read.

    certbot reads one file of settings, so those that the host has (``cli.ini``) come first in it.
    """
    if not authority.eab_kid or not authority.eab_hmac_key:
        yield []
        return
    own = os.path.join(letsencrypt, OWN_FOLDER)
    path = os.path.join(own, "binding.ini")
    settings = (host.read(os.path.join(letsencrypt, "cli.ini")) or b"").rstrip()
    lines = f"\neab-kid = {authority.eab_kid}\neab-hmac-key = {authority.eab_hmac_key}\n"
    own_folder(host, own)
    replace_file(host, path, settings + lines.encode(), 0o600)
    try:
        yield ["--config", path]
    finally:
        host.remove(path)
