# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates self-signed certificates.

The package python3-cryptography creates a pair in less than a millisecond. A run of openssl takes six. openssl is for a
host whose Python does not have the library.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ..host.errors import EdgeError
from ..host.host import Host
from .key_pairs import Pair, checked_pair

_LONGEST_COMMON_NAME = 64
_NAME_IN_CERTIFICATE = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\Z")


@dataclass(frozen=True)
class Profile:
    """What a self-signed certificate contains.

    :param names: names and addresses; the first one is its common name.
    :param key_type: ``ecdsa`` (P-256) or ``rsa``.
    :param key_size: bits of an RSA key.
    :param days: validity, from now.
    """

    names: Sequence[str]
    organisation: str
    key_type: str
    key_size: int
    days: int

    @property
    def common_name(self) -> str:
        """The common name; empty if the first name is too long (RFC 5280, appendix A.1)."""
        return self.names[0] if len(self.names[0]) <= _LONGEST_COMMON_NAME else ""


def make_self_signed(
    host: Host, *, names: Sequence[str], organisation: str, key_type: str, key_size: int, days: int
) -> Pair:
    """A new key and a self-signed certificate; the key is only kept in memory. Parameters as for :class:`Profile`.

    :raises EdgeError: a name is not allowed in a certificate, or openssl failed.
    """
    for name in names:
        if not _is_address(name) and not _NAME_IN_CERTIFICATE.match(name):
            raise EdgeError(f"'{name}' is not allowed in a certificate")
    profile = Profile(names, organisation, key_type, key_size, days)
    try:
        fullchain, privkey = with_library(profile)
    except ImportError:
        fullchain, privkey = with_openssl(host, profile)
    return checked_pair(host, fullchain, privkey)


def with_library(profile: Profile) -> tuple[str, str]:
    """Chain and key as texts, made by the package python3-cryptography.

    :raises ImportError: this Python does not have it.
    """
    # Not at the top, because only a run that creates a pair needs the library, and a host may not have it.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = (
        rsa.generate_private_key(65537, profile.key_size)
        if profile.key_type == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    parts = {NameOID.ORGANIZATION_NAME: profile.organisation, NameOID.COMMON_NAME: profile.common_name}
    subject = x509.Name([x509.NameAttribute(identifier, text) for identifier, text in parts.items() if text])
    alternatives = [
        x509.IPAddress(ipaddress.ip_address(name)) if _is_address(name) else x509.DNSName(name)
        for name in profile.names
    ]
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=profile.days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    privkey = key.private_bytes(serialization.Encoding.PEM, form, plain)
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), privkey.decode()


def with_openssl(host: Host, profile: Profile) -> tuple[str, str]:
    """The same, made by openssl.

    :raises EdgeError: openssl failed.
    """
    curve = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    newkey = [f"rsa:{profile.key_size}"] if profile.key_type == "rsa" else curve
    argv = ["openssl", "req", "-x509", "-sha256", "-nodes", "-newkey", *newkey, "-days", str(profile.days)]
    argv += ["-keyout", "-", "-config", "/dev/stdin"]
    done = host.run(argv, stdin=_request(profile))
    if done.code != 0:
        raise EdgeError("openssl could not make a self-signed certificate", done.stderr.strip().splitlines()[-3:])
    privkey, boundary, fullchain = done.stdout.partition("-----BEGIN CERTIFICATE-----")
    return boundary + fullchain, privkey


def _request(profile: Profile) -> str:
    alternatives = ",".join(f"{'IP' if _is_address(name) else 'DNS'}:{name}" for name in profile.names)
    lines = ["[req]", "prompt=no", "distinguished_name=subject", "x509_extensions=extensions"]
    lines += ["[subject]", f"O={profile.organisation}"]
    if profile.common_name:
        lines.append(f"CN={profile.common_name}")
    lines += ["[extensions]", "basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth"]
    lines += ["subjectKeyIdentifier=hash", f"subjectAltName={alternatives}", ""]
    return "\n".join(lines)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
