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


@dataclass(frozen=True, slots=True)
class DnsChallenge(Record):
    """The certbot plugin that creates the DNS records of a challenge, and its credentials."""

    provider: PluginName
    credentials: dict[CredentialKey, Credential]
    credentials_file: FilePath | None
    package: PackageName | None
    propagation_seconds: int | None


@dataclass(frozen=True, slots=True)
class Certificate(Record):
    """A certificate and its source; without ``names`` it gets those of the sites that use it."""

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


@dataclass(frozen=True, slots=True)
class ExternalAccount(Record):
    """The external account binding: binds the account at the ACME server to a customer."""

    kid: KeyIdentifier
    hmac_key: HmacKey


@dataclass(frozen=True, slots=True)
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
