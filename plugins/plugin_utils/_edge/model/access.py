# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may come in: users and their passwords, services that decide, certificates of clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..syntax.formats import EdgeFile, HeaderName, Literal, Name, Password, PasswordHash, UriPath, UserName
from .record import Record, Reference
from .upstream import Upstream


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
class BasicAuth(Record):
    """A question for a name and a password."""

    users: Annotated[UserList, Reference("edge_user_lists")]
    realm: Literal


@dataclass(frozen=True)
class AuthRequest(Record):
    """A service that decides whether a request may pass."""

    upstream: Annotated[Upstream, Reference("edge_upstreams")]
    path: UriPath
    headers: tuple[HeaderName, ...]


@dataclass(frozen=True)
class ClientCertificates(Record):
    """Who may have issued the certificates that clients show."""

    ca: EdgeFile
    required: bool
