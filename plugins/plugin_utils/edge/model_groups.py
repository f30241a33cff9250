# SPDX-License-Identifier: GPL-3.0-or-later
"""What sites and streams refer to by name: upstreams, limits, caches, user lists, certificates."""

from __future__ import annotations

from dataclasses import dataclass

from .formats import (
    Address,
    CommonName,
    Credential,
    CredentialKey,
    EdgeFile,
    Email,
    Expression,
    FilePath,
    HmacKey,
    Hostname,
    HttpsUrl,
    InventoryName,
    IpAddress,
    KeyIdentifier,
    Levels,
    Name,
    Network,
    PackageName,
    Password,
    PasswordHash,
    PluginName,
    ProfileName,
    Rate,
    Seconds,
    Size,
    Time,
    UserName,
    Word,
    ZoneSize,
)
from .problems import inside


@dataclass(frozen=True)
class Record:
    """What all parts of the model share: where they stand, such as ``edge_sites[0].locations[2]``."""

    place: str

    def at(self, option: str) -> str:
        """The place of one of its options."""
        return inside(self.place, option)


@dataclass(frozen=True)
class Server(Record):
    """A backend."""

    address: Address
    weight: int
    max_fails: int
    fail_timeout: Seconds
    max_conns: int
    backup: bool
    down: bool


@dataclass(frozen=True)
class UpstreamTls(Record):
    """TLS to backends: the name their certificate must carry, and who may have issued it."""

    name: Hostname
    ca: EdgeFile
    verify: bool


@dataclass(frozen=True)
class Upstream(Record):
    """A group of backends."""

    name: Name
    balance: Word
    hash_key: Expression | None
    hash_consistent: bool
    servers: tuple[Server, ...]
    keepalive: int
    keepalive_requests: int
    keepalive_timeout: Time
    zone_size: ZoneSize
    resolve: Word
    tls: UpstreamTls | None


@dataclass(frozen=True)
class RateLimit(Record):
    """A zone that counts requests."""

    name: Name
    rate: Rate
    key: Expression
    zone_size: ZoneSize
    exempt: tuple[Network, ...]


@dataclass(frozen=True)
class ConnectionLimit(Record):
    """A zone that counts connections."""

    name: Name
    key: Expression
    zone_size: ZoneSize
    exempt: tuple[Network, ...]


@dataclass(frozen=True)
class Cache(Record):
    """A cache on disk."""

    name: Name
    max_size: Size
    inactive: Seconds
    levels: Levels
    zone_size: ZoneSize


@dataclass(frozen=True)
class User(Record):
    """Somebody with a password, or the hash of one."""

    name: UserName
    password: Password | None
    password_hash: PasswordHash | None


@dataclass(frozen=True)
class UserList(Record):
    """Names and passwords that ``basic_auth`` refers to."""

    name: Name
    users: tuple[User, ...]


@dataclass(frozen=True)
class Dns(Record):
    """Who proves names by records in the DNS: a plugin of certbot, and what it logs in with."""

    provider: PluginName
    credentials: dict[CredentialKey, Credential]
    credentials_file: FilePath | None
    package: PackageName | None
    propagation_seconds: int | None


@dataclass(frozen=True)
class Certificate(Record):
    """A certificate and where it comes from; no ``names`` stands for those of the sites that use it."""

    name: Name
    source: Word
    names: tuple[Hostname, ...]
    key_type: Word
    key_size: int
    fullchain: FilePath | None
    privkey: FilePath | None
    challenge: Word
    dns: Dns | None
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
    ordered_by: InventoryName | None


@dataclass(frozen=True)
class Probe(Record):
    """How sites are asked after a run."""

    enabled: bool
    timeout: int
    patience: int
