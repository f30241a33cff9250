# SPDX-License-Identifier: GPL-3.0-or-later
"""Access rules: users and their passwords, authorizing services, client certificates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..syntax.formats import EdgeFile, HeaderName, Literal, Name, Password, PasswordHash, SignIn, UriPath, UserName
from .record import Record, Reference
from .upstream import Upstream


@dataclass(frozen=True, slots=True)
class User(Record):
    """A user with a password, or with its hash."""

    name: UserName
    password: Password | None
    password_hash: PasswordHash | None


@dataclass(frozen=True, slots=True)
class UserList(Record):
    """Names and passwords that ``basic_auth`` refers to."""

    name: Name
    users: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class BasicAuth(Record):
    """A question for a name and a password."""

    users: Annotated[UserList, Reference("edge_user_lists")]
    realm: Literal


@dataclass(frozen=True, slots=True)
class AuthRequest(Record):
    """A service that decides whether a request may pass."""

    upstream: Annotated[Upstream, Reference("edge_upstreams")]
    path: UriPath
    headers: tuple[HeaderName, ...]
    sign_in: SignIn | None
    cookies: bool


@dataclass(frozen=True, slots=True)
class ClientCertificates(Record):
    """The CA of the client certificates."""

    ca: EdgeFile
    required: bool
