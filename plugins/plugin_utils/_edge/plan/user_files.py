# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that ``auth_basic_user_file`` names: a line ``name:hash`` for each user.

They are not part of a generation. Their names contain a digest of their content, so that each generation keeps its own
users, and a change of users is a change of the generation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Callable

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Layout

from ..model.access import UserList
from ..model.edge import Edge

Hasher = Callable[[str, str], str]
"""Password and salt -> hash, as crypt(3) reads it."""


def user_files(edge: Edge, hash_password: Hasher) -> dict[str, tuple[str, str]]:
    """User list -> name and text of its file, for all lists that a site uses."""
    used = {part.basic_auth.users.name for site in edge.sites for part in site.parts if part.basic_auth}
    return {users.name: _file(users, hash_password) for users in edge.user_lists if users.name in used}


def paths(files: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """User list -> path of its file on the host."""
    return {users: f"{Layout().users}/{name}" for users, (name, _text) in files.items()}


def _file(users: UserList, hash_password: Hasher) -> tuple[str, str]:
    lines = [
        f"{user.name}:{user.password_hash or hash_password(user.password or '', _salt(users.name, user.name))}\n"
        for user in users.users
    ]
    text = "".join(lines)
    return f"{users.name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}", text


def _salt(users: str, user: str) -> str:
    """Sixteen characters that differ for each user and are the same in each run: the same model, the same hash. They
    are made of names only, because a salt made of the password would reveal it."""
    return hashlib.sha256(f"hardened.nginx_edge {users} {user}".encode()).hexdigest()[:16]
