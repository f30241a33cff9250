# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints of armored keys. gpg made the key below for this test, and told its fingerprint."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.signing_keys import (
    NotAKeyError,
    read_keys,
)

FINGERPRINT = "E36AA124A2ACE4201091980AED1EADAACBEDFDED"
KEY = """-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawLF1RYJKwYBBAHaRw8BAQdAM4TzlHXWf4X1sjL65p4Zgxlggb0biFggwJkR
k2X6TGq0GHRlc3QgPHRlc3RAZXhhbXBsZS50ZXN0PoiQBBMWCAA4FiEE42qhJKKs
5CAQkZgK7R6tqsvt/e0FAmsCxdUCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AA
CgkQ7R6tqsvt/e0vLQD/RwKl5oRb8mSc3uCH/i8MR/PRWpcolCBWYpKzGQhOJo4B
AN0D3qJ6jeMrRzBUpFhvuceiJncopxITaN1DV4+XBeII
=tTHX
-----END PGP PUBLIC KEY BLOCK-----
"""


def armor(packets: bytes, kind: str = "PUBLIC") -> str:
    body = base64.b64encode(packets).decode()
    return f"-----BEGIN PGP {kind} KEY BLOCK-----\n\n{body}\n-----END PGP {kind} KEY BLOCK-----\n"


def packets_of(text: str) -> bytes:
    return base64.b64decode("".join(line for line in text.splitlines() if line and line[0] not in "-="))


PACKETS = packets_of(KEY)


def test_the_fingerprint_is_the_one_that_gpg_tells() -> None:
    assert read_keys(KEY).fingerprints == (FINGERPRINT,)


def test_all_keys_of_all_blocks_count_and_come_as_one_block() -> None:
    other = PACKETS[:20] + bytes([PACKETS[20] ^ 1]) + PACKETS[21:]
    keys = read_keys(f"# a remark\n{KEY}{armor(other)}")
    assert keys.fingerprints[0] == FINGERPRINT != keys.fingerprints[1]
    assert packets_of(keys.armored) == PACKETS + other
    assert keys.armored.count("BEGIN") == 1
    assert "remark" not in keys.armored


def test_the_new_format_of_a_packet_is_read() -> None:
    length = int.from_bytes(PACKETS[1:2], "big")
    assert PACKETS[0] == 0x98  # an old public key packet with a length of one byte
    assert read_keys(armor(bytes([0xC6, length]) + PACKETS[2:])).fingerprints == (FINGERPRINT,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no ASCII-armored public key"),
        (armor(PACKETS, kind="PRIVATE"), "no ASCII-armored public key"),
        (armor(bytes([0x94]) + PACKETS[1:]), "secret key"),
        (armor(PACKETS[:2] + b"\x06" + PACKETS[3:]), "not of version 4"),
        (armor(PACKETS[:-1]), "cut off"),
        (armor(b"\x9b" + PACKETS[1:]), "without a length"),
        (armor(b"\xc6\xe1" + PACKETS[2:]), "in parts"),
        (armor(b"plain text"), "no OpenPGP packets"),
        (KEY.partition("-----END")[0], "no end"),
        (KEY.replace("mD", "m*"), "damaged"),
    ],
)
def test_what_is_no_key_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NotAKeyError, match=reason):
        read_keys(text)
