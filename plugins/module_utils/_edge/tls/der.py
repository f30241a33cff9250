# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A minimal reader for DER, the binary format of certificates and keys.

Starting the ``openssl`` program takes up to 30 ms, which is minutes per run with a thousand certificates. Reading them
here takes milliseconds. This module does no cryptography.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

SEQUENCE = 0x30
LONG_LENGTH = 0x80
_MOST_LENGTH_BYTES = 4
_HEADER = 2


class Element(NamedTuple):
    """One tag-length-value element: its tag, its content, and all of its bytes."""

    tag: int
    content: bytes
    raw: bytes

    def children(self) -> list[Element]:
        return read_all(self.content)

    def integer(self) -> int:
        return int.from_bytes(self.content, "big", signed=True)

    def bits(self) -> bytes:
        """A bit string without the leading count of unused bits (always 0 in keys)."""
        return self.content[1:]


def read_one(data: bytes) -> tuple[Element, bytes]:
    """The first element, and the bytes after it; raises ``ValueError`` if it is incomplete."""
    if len(data) < _HEADER:
        raise ValueError("ends early")
    tag, length, start = data[0], data[1], _HEADER
    if length & LONG_LENGTH:
        size = length - LONG_LENGTH
        if not 1 <= size <= _MOST_LENGTH_BYTES or len(data) < _HEADER + size:
            raise ValueError("has a length that cannot be")
        length, start = int.from_bytes(data[_HEADER : _HEADER + size], "big"), _HEADER + size
    end = start + length
    if len(data) < end:
        raise ValueError("ends early")
    return Element(tag, data[start:end], data[:end]), data[end:]


def read_all(data: bytes) -> list[Element]:
    """All elements in ``data``, in order."""
    elements: list[Element] = []
    while data:
        element, data = read_one(data)
        elements.append(element)
    return elements


_PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s*\n(.*?)-----END \1-----", re.DOTALL)


class PemBlock(NamedTuple):
    """A block of a PEM file: its label, its binary content, and whether it is encrypted with a passphrase."""

    label: str
    content: bytes
    encrypted: bool


def pem_blocks(text: str) -> list[PemBlock]:
    """The blocks of a PEM text in order. Other text is ignored; a damaged block raises ``ValueError``."""
    blocks: list[PemBlock] = []
    for label, body in _PEM_BLOCK.findall(text.replace("\r\n", "\n")):
        encrypted = label.startswith("ENCRYPTED") or "ENCRYPTED" in body
        try:
            content = b"" if encrypted else base64.b64decode("".join(body.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError(f"has a damaged block {label}") from error
        blocks.append(PemBlock(label, content, encrypted))
    return blocks
