# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.tests.unit.decided import (
    NOW,
    SELF,
    in_use,
    run,
)


def test_self_signed_follows_names_and_key(folders: Folders) -> None:
    run(folders, SELF)
    first = in_use(folders)
    assert first.certificate.left(NOW) > timedelta(days=396)
    assert not run(folders, SELF, NOW + timedelta(days=366)).changes
    assert in_use(folders) == first
    assert run(folders, SELF, NOW + timedelta(days=368)).changes
    assert in_use(folders) != first
    assert run(folders, replace(SELF, key_type="rsa")).changes
    assert in_use(folders).certificate.key_size == 2048
    assert run(folders, replace(SELF, key_type="rsa", key_size=3072)).changes
    assert not run(folders, replace(SELF, key_type="rsa", key_size=3072)).changes
    assert run(folders, replace(SELF, names=("a.example",), key_type="rsa", key_size=3072)).changes
