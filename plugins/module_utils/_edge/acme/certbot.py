# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates from an ACME server through certbot: when to order, how to order, and the messages of certbot.

Whether to order is decided from the certificate itself and from certbot's renewal settings, never from the output of
certbot. certbot is not started if there is nothing to do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..host.errors import EdgeError
from ..host.host import Completed, Host, replace_file
from ..host.paths import Folders
from ..tls import key_pairs
from ..tls.dns import OWN_FOLDER, Challenge, own_folder
from ..tls.key_pairs import Pair
from ..tls.wanted import Wanted
from ..tls.x509 import X509Certificate
from . import accounts
from .directory import Authority
from .failures import own_words

TIMEOUT = 600.0
PROGRAM_MISSING = 127
_BUSY = "Another instance of Certbot is already running"
_TRIES, _PAUSE = 12, 15.0
"""A run of the playbook and the timer may start certbot at the same time; an order takes less than three minutes."""
_DEFAULT_INTERVAL = timedelta(days=30)
_OF_THE_AUTHORITY = re.compile(r"urn:ietf:params:acme:error:[^\n]*")
_OWN_PACE = re.compile(r"^renew_before_expiry = \d+ hours\n", re.MULTILINE)


@dataclass(frozen=True)
class Lineage:
    """A certbot lineage: the current pair and the renewal settings."""

    pair: Pair | None
    damage: str = ""
    renewal: Mapping[str, str] = field(default_factory=dict)
    account_gone: bool = False


def read_lineage(host: Host, folders: Folders, name: str) -> Lineage | None:
    """The lineage of a name, or None if there is none."""
    folder = folders.lineage(name)
    written = host.exists(os.path.join(folders.letsencrypt, "renewal", f"{name}.conf"))
    if not written and not host.exists(folder):
        return None
    renewal = read_renewal_settings(host, folders, name)
    account = os.path.join(
        accounts.folder_of(folders.letsencrypt, renewal.get("server", "")), renewal.get("account", "")
    )
    gone = not host.exists(account)
    try:
        return Lineage(key_pairs.read_pair(host, folder), renewal=renewal, account_gone=gone)
    except EdgeError as error:
        return Lineage(None, error.message, renewal)


def read_renewal_settings(host: Host, folders: Folders, name: str) -> dict[str, str]:
    """The settings in certbot's renewal file of a lineage; empty if there is none."""
    written = host.read(os.path.join(folders.letsencrypt, "renewal", f"{name}.conf"))
    return dict(_settings((written or b"").decode(errors="replace")))


def _settings(text: str) -> list[tuple[str, str]]:
    lines = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [(key.strip(), value.strip().strip("\"'")) for key, equals, value in lines if equals]


def set_aside(host: Host, folders: Folders, name: str) -> str | None:
    """Move the remains of a damaged lineage away, because certbot would fail on them.

    :returns: the directory that they were moved to; None if there were none.
    """
    parts = [f"renewal/{name}.conf", f"live/{name}", f"archive/{name}"]
    there = [part for part in parts if host.exists(os.path.join(folders.letsencrypt, part))]
    if not there:
        return None
    own = os.path.join(folders.letsencrypt, OWN_FOLDER)
    kept = os.path.join(own, f"damaged-{name}")
    own_folder(host, own)
    host.remove(kept)
    host.mkdir(kept, 0o700)
    for part in there:
        host.rename(os.path.join(folders.letsencrypt, part), os.path.join(kept, part.replace("/", "-")))
    host.fsync_dir(kept)
    return kept


def is_left_over(host: Host, folders: Folders, name: str) -> bool:
    """Whether the archive of a lineage exists, which indicates an incomplete lineage."""
    return host.exists(os.path.join(folders.letsencrypt, "archive", name))


@dataclass(frozen=True)
class Request:
    """A certificate to order, and the reasons."""

    wanted: Wanted
    reasons: tuple[str, ...]
    new_names: bool
    forced: bool

    def describe(self) -> str:
        """The names and the reasons as text."""
        return f"{', '.join(self.wanted.names)} ({'; '.join(self.reasons)})"


def needed(
    lineage: Lineage | None, wanted: Wanted, authority: Authority, challenge: Challenge, now: datetime
) -> Request | None:
    """The request that updates a lineage to the requested certificate; None if there is nothing to order."""
    if lineage is None:
        return Request(wanted, ("not issued yet",), new_names=False, forced=False)
    if lineage.pair is None:
        return Request(wanted, (f"damaged: {lineage.damage}",), new_names=False, forced=False)
    names = _changed_names(lineage.pair, wanted)
    others = [
        *_changed_key(lineage.pair, wanted),
        *_changed_renewal(lineage.renewal, wanted, authority),
        *challenge.changes(lineage.renewal),
        *(["the account for its renewal does not exist"] if lineage.account_gone else []),
        *_overdue(lineage.pair.certificate, now),
    ]
    if not names and not others:
        return None
    return Request(wanted, (*names, *others), new_names=bool(names), forced=bool(others))


def _overdue(certificate: X509Certificate, now: datetime) -> list[str]:
    """Certificates are renewed when a third of their lifetime or 30 days are left; below a quarter, renewal failed."""
    if certificate.expired(now):
        return [f"expired on {certificate.not_after:%Y-%m-%d}"]
    if certificate.left(now) < (certificate.not_after - certificate.not_before) / 4:
        return [f"expires on {certificate.not_after:%Y-%m-%d}, and was not renewed"]
    return []


def _changed_names(pair: Pair, wanted: Wanted) -> list[str]:
    has, asked = set(pair.certificate.names), set(wanted.names)
    changes = [("new", asked - has), ("no longer wanted", has - asked)]
    return [f"{what}: {', '.join(sorted(names))}" for what, names in changes if names]


def _changed_key(pair: Pair, wanted: Wanted) -> list[str]:
    own = pair.certificate
    if own.key_type != wanted.key_type:
        return [f"key type {own.key_type}, wanted {wanted.key_type}"]
    if own.key_type == "rsa" and own.key_size != wanted.key_size:
        return [f"key of {own.key_size} bits, wanted {wanted.key_size}"]
    return []


def _changed_renewal(renewal: Mapping[str, str], wanted: Wanted, authority: Authority) -> list[str]:
    changes: list[str] = []
    server = renewal.get("server")
    if server != authority.directory_url:
        changes.append(f"issued by {server or 'an unknown server'}, wanted {authority.directory_url}")
    for what, written, asked in (
        ("profile", renewal.get("preferred_profile"), wanted.profile),
        ("chain", renewal.get("preferred_chain"), wanted.preferred_chain),
    ):
        if (written or None) != asked:
            changes.append(f"{what} {written or 'of the authority'}, wanted {asked or 'that of the authority'}")
    return changes


def arguments(request: Request, authority: Authority, challenge: Challenge) -> list[str]:
    """The command that orders one certificate. It requires certbot 1.12, and certbot 4.0 for a profile."""
    wanted = request.wanted
    argv = ["certbot", "certonly", "--non-interactive", *challenge.arguments()]
    argv += ["--cert-name", wanted.name, "--server", authority.directory_url, "--key-type", wanted.key_type]
    argv += ["--rsa-key-size", str(wanted.key_size)] if wanted.key_type == "rsa" else ["--elliptic-curve", "secp256r1"]
    argv += ["--email", authority.email, "--no-eff-email"] if authority.email else ["--register-unsafely-without-email"]
    if authority.agree_tos:
        argv.append("--agree-tos")
    if wanted.profile:
        argv += ["--preferred-profile", wanted.profile]
    if wanted.preferred_chain:
        argv += ["--preferred-chain", wanted.preferred_chain]
    if request.forced:
        argv.append("--force-renewal")
    if request.new_names:
        argv.append("--renew-with-new-domains")
    if not request.forced and not request.new_names:
        argv.append("--keep-until-expiring")
    for name in wanted.names:
        argv += ["--domain", name]
    return argv


def order(host: Host, request: Request, authority: Authority, challenge: Challenge, folders: Folders) -> str:
    """Order a certificate with certbot.

    :returns: a warning about a replaced account; empty if there is none.
    :raises EdgeError: certbot did not get the certificate; with the messages of certbot.
    """
    argv = arguments(request, authority, challenge)
    told = ""
    with accounts.binding(host, folders.letsencrypt, authority) as secrets:
        done, log = run_logged(host, [*argv, *secrets], folders, env=authority.environment())
        if done.code != 0 and accounts.is_forgotten(log):
            kept = accounts.set_aside(host, folders.letsencrypt, authority)
            if kept is not None:
                done, log = run_logged(host, [*argv, *secrets], folders, env=authority.environment())
                told = f"{authority.directory_url} does not know the account; a new one is used, the old one is {kept}"
    if done.code == PROGRAM_MISSING:
        raise EdgeError("certbot is not installed")
    if done.code != 0:
        words = own_words(done)
        said = [line for line in dict.fromkeys(_OF_THE_AUTHORITY.findall(log)) if line.partition(" :: ")[2]]
        raise EdgeError(_refusal(log, authority, folders), [*words, *said[-1:]])
    accounts.follow(host, folders.letsencrypt, authority)
    return told


def run_logged(
    host: Host,
    argv: Sequence[str],
    folders: Folders,
    *,
    env: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> tuple[Completed, str]:
    """Run certbot. If another certbot is running, it is started again when that one may have ended.

    :param env: additional environment variables.
    :param timeout: seconds.
    :returns: the result, and the text that certbot logged and printed. Some errors of the ACME server are only in the
        log: about accounts, certbot of Debian 12 prints a different error, and certbot of Debian 13 omits the type.
    """
    before = host.read(folders.log) or b""
    done = host.run(argv, env=env, timeout=timeout)
    for _number in range(_TRIES):
        if done.code == 0 or _BUSY not in f"{done.stdout}{done.stderr}":
            break
        host.sleep(_PAUSE)
        done = host.run(argv, env=env, timeout=timeout)
    after = host.read(folders.log) or b""
    fresh = after[len(before) :] if after.startswith(before) else after
    return done, f"{fresh.decode(errors='replace')}\n{done.stdout}\n{done.stderr}"


def pace_renewals(host: Host, folders: Folders, name: str, certificate: X509Certificate) -> None:
    """Make certbot renew a short-lived certificate after half or two thirds of its lifetime, instead of at each check.

    The default of 30 days overrides the fractions that certbot 4.0.0 documents (``RENEWER_DEFAULTS``; seen on Debian
    13). A line in hours was written by this function. A line in days was written by an operator and is kept.
    """
    path = os.path.join(folders.letsencrypt, "renewal", f"{name}.conf")
    text = (host.read(path) or b"").decode(errors="surrogateescape")
    life = certificate.not_after - certificate.not_before
    rest = _OWN_PACE.sub("", text)
    paced = rest
    if text and life < 2 * _DEFAULT_INTERVAL and "renew_before_expiry" not in dict(_settings(rest)):
        left = life / 2 if life < timedelta(days=10) else life / 3
        paced = f"renew_before_expiry = {max(1, left // timedelta(hours=1))} hours\n{rest}"
    if paced != text:
        replace_file(host, path, paced.encode(errors="surrogateescape"))


def _refusal(log: str, authority: Authority, folders: Folders) -> str:
    if accounts.is_closed(log):
        folder = accounts.folder_of(folders.letsencrypt, authority.directory_url)
        return (
            f"the account at {authority.directory_url} was closed; to register a new one, move the old one away from"
            f" {folder} and run again; certbot said:"
        )
    return f"certbot got no certificate from {authority.directory_url}; it said:"


_VERSIONS = re.compile(r"^\s*(Installed|Candidate): (?:\d+:)?(\d[0-9.]*)", re.MULTILINE)


def read_version(host: Host) -> str:
    """Version of the installed or available package, empty if there is none; certbot is not started."""
    said = host.run(["apt-cache", "policy", "certbot"]).stdout
    found = dict(_VERSIONS.findall(said))
    return (found.get("Installed") or found.get("Candidate") or "").strip(".")
