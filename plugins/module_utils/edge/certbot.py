# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates from an ACME authority through certbot: when to ask, how to ask, and what certbot said.

Whether to ask is decided from the certificate itself and from what certbot wrote down about its renewal, never from
certbot's printed text: certbot is not even started when there is nothing to do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import pairs
from .certificates import Folders, Wanted
from .errors import EdgeError
from .host import Completed, Host
from .pairs import Pair

TIMEOUT = 600.0
PROGRAM_MISSING = 127
CHALLENGES = ".well-known/acme-challenge"


@dataclass(frozen=True)
class Authority:
    """The certificate authority, and the account there."""

    directory_url: str
    email: str | None = None
    ca_bundle: str | None = None
    agree_tos: bool = False

    @classmethod
    def from_plan(cls, item: Mapping[str, Any]) -> Authority:
        return cls(item["directory_url"], item.get("email") or None, item.get("ca_bundle") or None, item["agree_tos"])

    def environment(self) -> dict[str, str]:
        return {"REQUESTS_CA_BUNDLE": self.ca_bundle} if self.ca_bundle else {}


@dataclass(frozen=True)
class Lineage:
    """What certbot keeps under one name: the pair in use, and how it is to be renewed."""

    pair: Pair | None
    damage: str = ""
    renewal: Mapping[str, str] | None = None
    webroots: frozenset[str] = frozenset()


def read_lineage(host: Host, folders: Folders, name: str) -> Lineage | None:
    """The lineage of a name, or None when there is not any."""
    folder = folders.lineage(name)
    written = host.read(os.path.join(folders.letsencrypt, "renewal", f"{name}.conf"))
    if written is None and not host.exists(folder):
        return None
    renewal = dict(_settings((written or b"").decode(errors="replace")))
    webroots = frozenset(part.strip().rstrip("/") for value in renewal.values() for part in value.split(","))
    try:
        return Lineage(pairs.read_pair(host, folder), renewal=renewal, webroots=webroots)
    except EdgeError as error:
        return Lineage(None, error.message, renewal, webroots)


def _settings(text: str) -> list[tuple[str, str]]:
    lines = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [(key.strip(), value.strip()) for key, equals, value in lines if equals]


@dataclass(frozen=True)
class Request:
    """A certificate that the authority is to be asked for, and why."""

    wanted: Wanted
    reasons: tuple[str, ...]
    new_names: bool
    forced: bool

    def describe(self) -> str:
        return f"{self.wanted.name} ({', '.join(self.wanted.names)}): {'; '.join(self.reasons)}"


def needed(
    lineage: Lineage | None, wanted: Wanted, authority: Authority, webroot: str, now: datetime
) -> Request | None:
    """The request that brings a lineage to what is wanted; None when there is nothing to ask for."""
    if lineage is None:
        return Request(wanted, ("not issued yet",), new_names=False, forced=False)
    if lineage.pair is None:
        return Request(wanted, (f"damaged: {lineage.damage}",), new_names=False, forced=True)
    names = _changed_names(lineage.pair, wanted)
    others = [*_changed_key(lineage.pair, wanted), *_changed_renewal(lineage, authority, webroot)]
    if lineage.pair.certificate.expired(now):
        others.append(f"expired on {lineage.pair.certificate.not_after:%Y-%m-%d}")
    if not names and not others:
        return None
    return Request(wanted, (*names, *others), new_names=bool(names), forced=bool(others))


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


def _changed_renewal(lineage: Lineage, authority: Authority, webroot: str) -> list[str]:
    renewal = lineage.renewal or {}
    server, authenticator = renewal.get("server"), renewal.get("authenticator")
    changes: list[str] = []
    if server != authority.directory_url:
        changes.append(f"issued by {server or 'an unknown server'}, wanted {authority.directory_url}")
    if authenticator != "webroot" or webroot.rstrip("/") not in lineage.webroots:
        changes.append(f"renewed by {authenticator or 'nothing'} with another folder, wanted webroot {webroot}")
    return changes


def arguments(request: Request, authority: Authority, webroot: str) -> list[str]:
    """The command that asks for one certificate; it works on certbot 1.12 and newer."""
    wanted = request.wanted
    argv = ["certbot", "certonly", "--non-interactive", "--webroot", "--webroot-path", webroot]
    argv += ["--cert-name", wanted.name, "--server", authority.directory_url, "--key-type", wanted.key_type]
    argv += ["--rsa-key-size", str(wanted.key_size)] if wanted.key_type == "rsa" else ["--elliptic-curve", "secp256r1"]
    argv += ["--email", authority.email, "--no-eff-email"] if authority.email else ["--register-unsafely-without-email"]
    if authority.agree_tos:
        argv.append("--agree-tos")
    if request.forced:
        argv.append("--force-renewal")
    if request.new_names:
        argv.append("--renew-with-new-domains")
    if not request.forced and not request.new_names:
        argv.append("--keep-until-expiring")
    for name in wanted.names:
        argv += ["--domain", name]
    return argv


def ask(host: Host, request: Request, authority: Authority, webroot: str) -> None:
    """Let certbot ask the authority; ``EdgeError`` in certbot's own words when it did not get the certificate."""
    argv = arguments(request, authority, webroot)
    done = host.run(argv, env=authority.environment(), timeout=TIMEOUT)
    if done.code == PROGRAM_MISSING:
        raise EdgeError("certbot is not installed")
    if done.code != 0:
        raise EdgeError(f"certbot got no certificate from {authority.directory_url}; it said:", own_words(done))


_NOISE = re.compile(
    r"Saving debug log|Ask for help or search|(Please )?[Ss]ee the logfile|Some challenges have failed|Plugins selected"
    r"|Attempting to|Requesting a certificate|Renewing an existing|Account registered|IMPORTANT NOTES|Obtaining a new"
    r"|Performing the|http-01 challenge for|Using the webroot path|Waiting for verification|Cleaning up challenges"
    r"|[- ]+$"
)
_MOST_WORDS = 12


def own_words(done: Completed) -> list[str]:
    """The lines in which certbot (or the authority, through it) says what is wrong, without the talk around them."""
    paragraphs = re.split(r"\n\s*\n", f"{done.stdout}\n\n{done.stderr}")
    of_the_authority = [paragraph for paragraph in paragraphs if "Detail:" in paragraph]
    words: list[str] = []
    for line in "\n".join(of_the_authority or paragraphs).splitlines():
        said = line.strip()
        if said and not _NOISE.match(said) and said not in words:
            words.append(said)
    return words[:_MOST_WORDS] or [f"exit code {done.code}, and nothing else"]


def refuse_wildcards(names: Sequence[str]) -> None:
    """The authority proves a wildcard only by DNS, which a webroot cannot answer."""
    wildcards = [name for name in names if name.startswith("*.")]
    if wildcards:
        raise EdgeError(
            f"{', '.join(wildcards)}: an authority gives wildcards only for a proof by DNS, and this edge proves by"
            " HTTP; name each host, or bring the certificate (source: provided)"
        )
