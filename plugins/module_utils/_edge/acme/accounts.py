# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""certbot's account at an ACME server: external account binding, and a new account if the server lost the old one."""

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
"""RFC 8555, section 7.3.6: a deactivated account; the patterns match the messages of Boulder and Pebble."""
_SERVER = re.compile(r"^server\s*=\s*(\S+)[ \t]*$", re.MULTILINE)
_ACCOUNT = re.compile(r"^(account\s*=\s*)(\S+)[ \t]*$", re.MULTILINE)


def is_forgotten(log: str) -> bool:
    """Whether the ACME server reports that it does not know the account, for example after it lost its data."""
    return _FORGOTTEN.search(log) is not None


def is_closed(log: str) -> bool:
    """Whether the ACME server reports that the account was deactivated or revoked."""
    return _CLOSED.search(log) is not None


def folder_of(letsencrypt: str, directory_url: str) -> str:
    """Directory in which certbot stores its accounts at an ACME server."""
    parts = urlsplit(directory_url)
    return os.path.join(letsencrypt, "accounts", parts.netloc, parts.path.strip("/"))


def accounts(host: Host, letsencrypt: str, authority: Authority) -> list[str]:
    """Names of the accounts that certbot has at an ACME server."""
    folder = folder_of(letsencrypt, authority.directory_url)
    return [name for name in host.listdir(folder) if host.exists(os.path.join(folder, name, "regr.json"))]


def set_aside(host: Host, letsencrypt: str, authority: Authority) -> str | None:
    """Move the only account at an ACME server away, so that certbot registers a new one.

    :returns: the directory that the account was moved to; None if certbot has no account or several, which an operator
        must resolve.
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
    """Change renewal files that refer to a removed account at an ACME server to the account that certbot has now."""
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
    """Arguments that make certbot read the external account binding from a file that only root can read. The command
    line is not used, because every user of the host can read it.

    certbot reads only one configuration file, so the file starts with the settings of the host (``cli.ini``).
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
