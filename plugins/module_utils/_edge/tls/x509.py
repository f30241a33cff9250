# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a certificate (serial, names, dates, issuer and key), and whether a private key matches it."""

from __future__ import annotations

import functools
import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ..host.errors import EdgeError
from ..host.host import Host
from . import der

_RSA = bytes.fromhex("2a864886f70d010101")
_ECDSA = bytes.fromhex("2a8648ce3d0201")
_SUBJECT_ALT_NAME = bytes.fromhex("551d11")
_AUTHORITY_KEY_IDENTIFIER = bytes.fromhex("551d23")
_NAME_PARTS = {bytes.fromhex("550403"): "CN", bytes.fromhex("55040a"): "O", bytes.fromhex("550406"): "C"}
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_KEY_IDENTIFIER = 0x80
_VERSION, _EXTENSIONS, _EC_PUBLIC_KEY = 0xA0, 0xA3, 0xA1  # tagged optional fields
_UTC_TIME = 0x17
_UTC_TIME_PIVOT = 50
_COMPRESSED_POINT = (0x02, 0x03)


_BITS_OF_CURVES = {528: 521}
"""Curves whose size is not a multiple of eight bits: P-521."""


@dataclass(frozen=True)
class X509Certificate:
    """The facts of one X.509 certificate. Dates are in UTC; ``serial`` is upper-case hexadecimal, like in openssl.

    :param authority_key: key identifier of the issuer (RFC 5280, section 4.2.1.1); empty if the certificate has none.
    """

    serial: str
    names: tuple[str, ...]
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key_type: str
    key_size: int
    spki: bytes
    authority_key: bytes = b""

    @property
    def spki_digest(self) -> str:
        """SHA-256 of the public key with its algorithm, as used for key pinning."""
        return hashlib.sha256(self.spki).hexdigest()

    @property
    def is_self_signed(self) -> bool:
        return self.subject == self.issuer

    def uncovered(self, names: Iterable[str]) -> list[str]:
        """The names in ``names`` that this certificate does not cover."""
        return [name for name in names if not any(covers(own, name) for own in self.names)]

    def expired(self, now: datetime) -> bool:
        return now >= self.not_after

    def left(self, now: datetime) -> timedelta:
        return self.not_after - now


def covers(pattern: str, name: str) -> bool:
    """Whether a name of a certificate covers ``name``; a wildcard covers exactly one label."""
    pattern, name = pattern.lower(), name.lower()
    if pattern == name:
        return True
    return pattern.startswith("*.") and not name.startswith("*.") and name.partition(".")[2] == pattern[2:]


def iso(moment: datetime) -> str:
    """A time in ISO 8601 format, such as 2026-11-22T06:48:37Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_chain(pem: str) -> tuple[X509Certificate, ...]:
    """All certificates of a PEM text, the site's first; raises ``EdgeError`` if there is none or one is damaged."""
    try:
        blocks = [block for block in der.pem_blocks(pem) if block.label == "CERTIFICATE"]
    except ValueError as error:
        raise EdgeError(f"the certificate file {error}") from error
    if not blocks:
        raise EdgeError("the certificate file contains no certificate (a block that begins with BEGIN CERTIFICATE)")
    return tuple(parse_der(block.content, f"certificate {place} of the file") for place, block in enumerate(blocks, 1))


def parse_der(data: bytes, what: str = "the certificate") -> X509Certificate:
    """Read one binary certificate; ``what`` is its name in the error message."""
    try:
        return _parse(data)
    except (ValueError, IndexError) as error:
        raise EdgeError(f"{what} cannot be read: it is damaged ({error})") from error


@functools.lru_cache(maxsize=4096)  # what nginx serves is usually what is on disk
def _parse(data: bytes) -> X509Certificate:
    whole, rest = der.read_one(data)
    if rest or whole.tag != der.SEQUENCE:
        raise ValueError("is not one whole element")
    fields = whole.children()[0].children()
    if fields[0].tag == _VERSION:
        fields = fields[1:]
    serial, _algorithm, issuer, validity, subject, spki = fields[:6]
    not_before, not_after = (_time(moment) for moment in validity.children()[:2])
    key_type, key_size = _key(spki)
    extensions = _extensions(fields[6:])
    return X509Certificate(
        serial=_serial(serial.content),
        names=_names(extensions.get(_SUBJECT_ALT_NAME)),
        subject=_distinguished_name(subject),
        issuer=_distinguished_name(issuer),
        not_before=not_before,
        not_after=not_after,
        key_type=key_type,
        key_size=key_size,
        spki=spki.raw,
        authority_key=_authority_key(extensions.get(_AUTHORITY_KEY_IDENTIFIER)),
    )


def _serial(content: bytes) -> str:
    stripped = content.lstrip(b"\0") or b"\0"
    return stripped.hex().upper()


def _time(element: der.Element) -> datetime:
    text = element.content.decode("ascii")
    if element.tag == _UTC_TIME:  # two digits for a year from 1950 to 2049
        text = ("19" if int(text[:2]) >= _UTC_TIME_PIVOT else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)


def _key(spki: der.Element) -> tuple[str, int]:
    algorithm, bits = spki.children()[:2]
    identifier = algorithm.children()[0].content
    if identifier == _RSA:
        return "rsa", der.read_one(bits.bits())[0].children()[0].integer().bit_length()
    if identifier == _ECDSA:
        form, *coordinates = bits.bits()  # a compressed point has x only, any other one x and y
        size = len(coordinates) * 8 if form in _COMPRESSED_POINT else len(coordinates) * 4
        return "ecdsa", _BITS_OF_CURVES.get(size, size)
    return identifier.hex(), 0


def _distinguished_name(name: der.Element) -> str:
    parts: list[str] = []
    for group in name.children():
        for pair in group.children():
            identifier, value = pair.children()[:2]
            label = _NAME_PARTS.get(identifier.content, identifier.content.hex())
            parts.append(f"{label}={value.content.decode('utf-8', errors='replace')}")
    return ", ".join(parts)


def _extensions(optional_fields: Sequence[der.Element]) -> dict[bytes, bytes]:
    """The values of the extensions by their object identifiers."""
    found: dict[bytes, bytes] = {}
    for field in optional_fields:
        if field.tag == _EXTENSIONS:
            for extension in field.children()[0].children():
                parts = extension.children()
                found[parts[0].content] = parts[-1].content
    return found


def _names(alternatives: bytes | None) -> tuple[str, ...]:
    names: list[str] = []
    for entry in der.read_one(alternatives)[0].children() if alternatives is not None else ():
        if entry.tag == _DNS_NAME:
            names.append(entry.content.decode("ascii").lower())
        elif entry.tag == _IP_ADDRESS:
            names.append(str(ipaddress.ip_address(entry.content)))
    return tuple(names)


def _authority_key(identifiers: bytes | None) -> bytes:
    parts = der.read_one(identifiers)[0].children() if identifiers is not None else ()
    return next((part.content for part in parts if part.tag == _KEY_IDENTIFIER), b"")


def key_matches(certificate: X509Certificate, privkey: str) -> bool | None:
    """Whether a private key in PEM matches the certificate, without running openssl.

    :returns: None if only openssl can decide, because it supports formats that this module does not.
    :raises EdgeError: the key cannot be used.
    """
    try:
        blocks = [block for block in der.pem_blocks(privkey) if block.label.endswith("PRIVATE KEY")]
    except ValueError as error:
        raise EdgeError(f"the private key file {error}") from error
    if not blocks:
        raise EdgeError("the private key file contains no private key (a block that begins with BEGIN … PRIVATE KEY)")
    if blocks[0].encrypted:
        raise EdgeError("the private key has a passphrase, which nginx cannot read: store it without a passphrase")
    public, wanted = _public_half(blocks[0]), _public_bits(certificate)
    if public is None:
        return None
    if public == wanted:
        return True
    # A point of a curve can be written in two formats.
    return None if public[0] in _COMPRESSED_POINT or wanted[0] in _COMPRESSED_POINT else False


def key_belongs(host: Host, certificate: X509Certificate, privkey: str) -> bool:
    """Like :func:`key_matches`, but uses openssl if that cannot decide; raises ``EdgeError`` if neither can."""
    matches = key_matches(certificate, privkey)
    if matches is not None:
        return matches
    done = host.run(["openssl", "pkey", "-pubout", "-outform", "PEM", "-passin", "pass:"], stdin=privkey)
    if done.code != 0:
        raise EdgeError("the private key cannot be read", [line for line in done.stderr.splitlines()[:1] if line])
    return any(block.content == certificate.spki for block in der.pem_blocks(done.stdout))


def _public_bits(certificate: X509Certificate) -> bytes:
    return der.read_one(certificate.spki)[0].children()[1].bits()


def _public_half(block: der.PemBlock) -> bytes | None:
    """The bit string of the public key, if the file of the private key contains it."""
    try:
        fields = der.read_one(block.content)[0].children()
        kind = {"RSA PRIVATE KEY": _RSA, "EC PRIVATE KEY": _ECDSA}.get(block.label)
        if block.label == "PRIVATE KEY":
            kind = fields[1].children()[0].content
            fields = der.read_one(fields[2].content)[0].children()
        if kind == _RSA:
            numbers = fields[1].raw + fields[2].raw
            return _sequence(numbers)
        if kind == _ECDSA:
            return next((field.children()[0].bits() for field in fields if field.tag == _EC_PUBLIC_KEY), None)
    except (ValueError, IndexError):
        return None
    return None


def _sequence(content: bytes) -> bytes:
    size = len(content)
    if size < der.LONG_LENGTH:
        return bytes((der.SEQUENCE, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((der.SEQUENCE, der.LONG_LENGTH | len(length))) + length + content
