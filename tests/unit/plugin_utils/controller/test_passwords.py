# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords are hashed on the controller, the same in each run, and never told."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.passwords import hash_password
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import build
from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, TEMPLATES, planned

MODEL = {
    "edge_certificate_source": "self_signed",
    "edge_user_lists": [
        {"name": "staff", "users": [{"name": "anna", "password": "open sesame"}, {"name": "bob", "password": "b"}]},
        {"name": "idle", "users": [{"name": "anna", "password": "unused"}]},
    ],
    "edge_upstreams": [{"name": "app", "servers": [{"address": "10.0.0.1:80"}]}],
    "edge_sites": [
        {"name": "a.test", "basic_auth": {"users": "staff"}, "locations": [{"path": "/", "upstream": "app"}]}
    ],
}


def test_the_hash_is_that_of_crypt() -> None:
    """What crypt(3) of glibc and libxcrypt makes of the first example of SHA-crypt's specification."""
    expected = "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
    assert hash_password("Hello world!", "saltstring") == f"$6$saltstring${expected}"


def test_a_controller_without_openssl_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="it has no openssl; give password_hash in place of password"):
        hash_password("another", "salt")
    Path(tmp_path, "openssl").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    Path(tmp_path, "openssl").chmod(0o755)
    with pytest.raises(OSError, match="its openssl has no 'passwd -6'"):
        hash_password("another", "salt")


def test_a_file_for_each_list_in_use_and_no_password_anywhere() -> None:
    target = TARGETS["trixie"]
    first, second = (build(planned(MODEL).edge, target, TEMPLATES, hash_password) for _run in range(2))
    assert first == second
    ((name, text),) = first.user_files.items()
    assert [line.split("$")[:2] for line in text.splitlines()] == [["anna:", "6"], ["bob:", "6"]]
    assert len({line.split("$")[2] for line in text.splitlines()}) == 2  # salts
    assert f"auth_basic_user_file /etc/nginx/users/{name};" in first.content.files["sites/a.test.conf"]
    assert not any(word in str(first) for word in ("sesame", "unused"))
    assert "$6$" not in str(first.content)
