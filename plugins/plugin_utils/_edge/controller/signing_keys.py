# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fingerprints of the keys in an ASCII-armored OpenPGP file (RFC 4880), without gpg."""

from __future__ import annotations

import base64
import binascii
import hashlib
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

_BEGIN = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
_END = "-----END PGP PUBLIC KEY BLOCK-----"
_SECRET_KEYS = (5, 7)
_PUBLIC_KEY = 6
_VERSION = 4

# How many bytes the length of a packet has, in the old format by its kind, in the new one by its first byte.
_OLD_SIZES = {0: 1, 1: 2, 2: 4}
_ONE_BYTE, _TWO_BYTES, _FIVE_BYTES = range(192), range(192, 224), 255


class NotAKeyError(ValueError):
    """The text is not one or more public keys of version 4."""


class Keys(NamedTuple):
    """Public keys.

    :param fingerprints: of the primary keys: 40 hexadecimal digits in upper case each.
    :param armored: exactly these keys, as one armored block with nothing around it.
    """

    fingerprints: tuple[str, ...]
    armored: str


def read_keys(text: str) -> Keys:
    """The keys in an armored text.

    Programs differ in what they take from a text with several blocks; they do not in what is returned.

    :raises NotAKeyError: there is no key, or something that only some programs can read.
    """
    packets = b"".join(_blocks(text))
    found = [_fingerprint(body) for tag, body in _packets(packets) if tag == _PUBLIC_KEY]
    if not found:
        raise NotAKeyError(f"it holds no ASCII-armored public key ({_BEGIN})")
    lines = textwrap.wrap(base64.b64encode(packets).decode(), 64)
    return Keys(tuple(found), "\n".join((_BEGIN, "", *lines, _END, "")))


def _fingerprint(body: bytes) -> str:
    """RFC 4880, section 12.2."""
    if body[:1] != bytes([_VERSION]):
        raise NotAKeyError("it holds a key that is not of version 4")
    packet = b"\x99" + len(body).to_bytes(2, "big") + body
    return hashlib.sha1(packet, usedforsecurity=False).hexdigest().upper()


def _blocks(text: str) -> Iterator[bytes]:
    lines = iter(line.strip() for line in text.splitlines())
    for line in lines:
        if line != _BEGIN:
            continue
        block = []
        for inner in lines:
            if inner == _END:
                break
            block.append(inner)
        else:
            raise NotAKeyError("its armor has no end")
        yield _decoded(block)


def _decoded(lines: list[str]) -> bytes:
    """The content of a block after its headers: base64, and a checksum, which does not protect against forgery."""
    body = lines[lines.index("") + 1 :] if "" in lines else lines
    try:
        return base64.b64decode("".join(line for line in body if not line.startswith("=")), validate=True)
    except binascii.Error as error:
        raise NotAKeyError("its armor is damaged") from error


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each packet (RFC 4880, section 4.2)."""
    at = 0
    while at < len(data):
        header, at = data[at], at + 1
        if not header & 0x80:
            raise NotAKeyError("its armor holds no OpenPGP packets")
        if header & 0x40:
            tag = header & 0x3F
            length, at = _new_length(data, at)
        else:
            tag, size = (header >> 2) & 0x0F, _OLD_SIZES.get(header & 3, 0)
            if not size:
                raise NotAKeyError("it holds a packet without a length")
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise NotAKeyError("it is cut off")
        if tag in _SECRET_KEYS:
            raise NotAKeyError("it holds a secret key")
        yield tag, data[at : at + length]
        at += length


def _new_length(data: bytes, at: int) -> tuple[int, int]:
    """A length in the new format, and where the body starts."""
    first = data[at] if at < len(data) else 0
    if first in _ONE_BYTE:
        return first, at + 1
    if first in _TWO_BYTES:
        return ((first - _TWO_BYTES[0]) << 8) + int.from_bytes(data[at + 1 : at + 2], "big") + len(_ONE_BYTE), at + 2
    if first == _FIVE_BYTES:
        return int.from_bytes(data[at + 1 : at + 5], "big"), at + 5
    raise NotAKeyError("it holds a packet in parts")
