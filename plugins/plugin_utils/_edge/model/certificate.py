# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates, challenges by the DNS, and the account at the ACME server."""

from __future__ import annotations

from dataclasses import dataclass

from ..syntax.formats import (
    CommonName,
    Credential,
    CredentialKey,
    EdgeFile,
    Email,
    FilePath,
    HmacKey,
    Hostname,
    HttpsUrl,
    InventoryName,
    IpAddress,
    KeyIdentifier,
    Name,
    PackageName,
    PluginName,
    ProfileName,
    Word,
)
from .record import Record


@dataclass(frozen=True)
class DnsChallenge(Record):
    """Who proves names by records in the DNS: a plugin of certbot, and what it logs in with."""

    provider: PluginName
    credentials: dict[CredentialKey, Credential]
    credentials_file: FilePath | None
    package: PackageName | None
    propagation_seconds: int | None


@dataclass(frozen=True)
class Certificate(Record):
    """A certificate and where it comes from; without ``names`` it gets those of the sites that use it."""

    name: Name
    source: Word
    names: tuple[Hostname, ...]
    key_type: Word
    key_size: int
    fullchain: FilePath | None
    privkey: FilePath | None
    challenge: Word
    dns: DnsChallenge | None
    profile: ProfileName | None
    preferred_chain: CommonName | None


@dataclass(frozen=True)
class ExternalAccount(Record):
    """What ties the account at an ACME server to a customer of its owner."""

    kid: KeyIdentifier
    hmac_key: HmacKey


@dataclass(frozen=True)
class Acme(Record):
    """The account at the ACME server."""

    email: Email
    directory_url: HttpsUrl
    staging: bool
    ca_bundle: EdgeFile | None
    agree_tos: bool
    eab: ExternalAccount | None
    profile: ProfileName | None
    preferred_chain: CommonName | None
    peers: tuple[IpAddress, ...]
    issuing_edge: InventoryName | None
