# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509 as reference
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import der, x509
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import ScriptedHost, issued, made

NAMES = ("a.example", "*.b.example", "10.0.0.1", "fd00::1")
PEM = serialization.Encoding.PEM
OPENSSL = serialization.PrivateFormat.TraditionalOpenSSL
PKCS8 = serialization.PrivateFormat.PKCS8


def openssl(*arguments: str, stdin: str = "") -> str:
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("key_type", "key_size", "bits"), [("ecdsa", 2048, 256), ("rsa", 2048, 2048), ("rsa", 3072, 3072)]
)
def test_reads_what_openssl_and_cryptography_read(key_type: str, key_size: int, bits: int) -> None:
    pair = made(*NAMES, key_type=key_type, key_size=key_size)
    own, other = pair.certificate, reference.load_pem_x509_certificate(pair.fullchain.encode())
    printed = openssl("x509", "-noout", "-serial", stdin=pair.fullchain)
    assert f"serial={own.serial}\n" == printed
    assert own.not_before == other.not_valid_before_utc
    assert own.not_after == other.not_valid_after_utc
    assert (own.key_type, own.key_size) == (key_type, bits)
    assert own.names == NAMES
    assert own.issuer == "O=test, CN=a.example"
    assert own.is_self_signed
    public = other.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert own.spki == public


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_the_size_of_a_curve_is_read_from_its_point(curve: ec.EllipticCurve, compressed: bool) -> None:
    form = "compressed" if compressed else "uncompressed"
    key = openssl(
        "ecparam", "-name", curve.name.replace("secp256r1", "prime256v1"), "-genkey", "-noout", "-conv_form", form
    )
    request = ("req", "-x509", "-key", "/dev/stdin", "-subj", "/CN=a.example", "-days", "1")
    (own,) = x509.parse_chain(openssl(*request, stdin=openssl("ec", "-conv_form", form, stdin=key)))
    assert len(own.spki) < curve.key_size // 8 * 2 if compressed else len(own.spki) > curve.key_size // 8 * 2
    assert (own.key_type, own.key_size) == ("ecdsa", curve.key_size)


def test_serial_keeps_the_form_of_openssl_with_leading_zeros_and_a_high_bit() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    subject = reference.Name([reference.NameAttribute(reference.NameOID.COMMON_NAME, "ca")])
    for serial in (5, 0x00AB, 0xF0 << 120):
        certificate = (
            reference.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(reference.Name([reference.NameAttribute(reference.NameOID.COMMON_NAME, "root")]))
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(datetime(2026, 1, 1, tzinfo=timezone.utc))
            .not_valid_after(datetime(2055, 1, 1, tzinfo=timezone.utc))  # written as GeneralizedTime
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(PEM).decode()
        (own,) = x509.parse_chain(pem)
        assert f"serial={own.serial}\n" == openssl("x509", "-noout", "-serial", stdin=pem)
        assert own.not_after.year == 2055
        assert own.names == ()
        assert (own.key_type, own.key_size) == ("ecdsa", 384)
        assert not own.is_self_signed


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("a.example", "A.example", True),
        ("*.example", "a.example", True),
        ("*.example", "a.b.example", False),
        ("*.example", "example", False),
        ("*.example", "*.example", True),
        ("*.b.example", "*.a.b.example", False),
        ("a.example", "*.example", False),
        ("*.b.example", "*.b.example", True),
    ],
)
def test_a_wildcard_stands_for_one_label(pattern: str, name: str, expected: bool) -> None:
    assert x509.covers(pattern, name) is expected


def test_expiry_is_the_moment_itself() -> None:
    own = made("a.example").certificate
    assert own.expired(own.not_after)
    assert not own.expired(own.not_after - timedelta(seconds=1))


@pytest.mark.parametrize("encoding", [OPENSSL, PKCS8])
@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_a_key_in_each_form_belongs_to_its_certificate_and_to_no_other(
    encoding: serialization.PrivateFormat, kind: str
) -> None:
    pair, stranger = made("a.example", key_type=kind), made("a.example", key_type=kind)
    key = serialization.load_pem_private_key(pair.privkey.encode(), None)
    text = key.private_bytes(PEM, encoding, serialization.NoEncryption()).decode()
    host = ScriptedHost()
    assert x509.key_belongs(host, pair.certificate, text)
    assert host.ran == []  # no program is started for the usual case
    assert not x509.key_belongs(host, stranger.certificate, text)


def test_a_key_of_another_type_does_not_belong() -> None:
    assert not x509.key_belongs(LocalHost(), made("a.example").certificate, made("a.example", key_type="rsa").privkey)


def test_openssl_decides_on_a_key_without_its_public_half() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(PEM, OPENSSL, serialization.NoEncryption()).decode()
    bare = openssl("ec", "-no_public", stdin=text)
    assert der.pem_blocks(bare)[0].content != der.pem_blocks(text)[0].content
    pair = made("a.example")
    host = ScriptedHost()
    assert not x509.key_belongs(host, pair.certificate, bare)
    own = openssl("ec", "-no_public", stdin=pair.privkey)
    assert x509.key_belongs(host, pair.certificate, own)
    assert [argv[:2] for argv in host.ran] == [["openssl", "pkey"]] * 2


def test_a_locked_key_is_named_as_such() -> None:
    key = rsa.generate_private_key(65537, 2048)
    for encoding in (OPENSSL, PKCS8):
        text = key.private_bytes(PEM, encoding, serialization.BestAvailableEncryption(b"secret")).decode()
        with pytest.raises(EdgeError, match="passphrase"):
            x509.key_belongs(LocalHost(), made("a.example").certificate, text)


def test_without_openssl_a_foreign_key_is_still_refused() -> None:
    host = ScriptedHost(answers=lambda argv: Completed(argv, 127, "", "not found"))
    pair = made("a.example")
    assert x509.key_belongs(host, pair.certificate, pair.privkey)
    assert not x509.key_belongs(host, pair.certificate, made("a.example").privkey)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "contains no certificate"),
        ("-----BEGIN CERTIFICATE-----\nMIIB!!\n-----END CERTIFICATE-----\n", "damaged block"),
        (
            "-----BEGIN CERTIFICATE-----\nMIIBxTCC\n-----END CERTIFICATE-----\n",
            "certificate 1 of the file cannot be read",
        ),
    ],
)
def test_damaged_certificates_are_errors(text: str, message: str) -> None:
    with pytest.raises(EdgeError, match=message):
        x509.parse_chain(text)


def test_every_truncation_and_every_flipped_byte_is_an_edge_error_or_a_certificate() -> None:
    whole = der.pem_blocks(made("a.example").fullchain)[0].content
    for length in range(len(whole)):
        with pytest.raises(EdgeError):
            x509.parse_der(whole[:length])
    survivors = 0
    for place in range(len(whole)):
        damaged = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        try:
            x509.parse_der(damaged)
            survivors += 1
        except EdgeError:
            continue
    assert survivors < len(whole)


def test_the_key_of_the_authority_is_read(tmp_path: Path) -> None:
    pair = issued(tmp_path, "a.example")
    other = reference.load_pem_x509_certificate(pair.fullchain.encode())
    wanted = other.extensions.get_extension_for_class(reference.AuthorityKeyIdentifier).value.key_identifier
    assert wanted
    assert pair.certificate.authority_key == wanted
    name = reference.Name([reference.NameAttribute(reference.NameOID.COMMON_NAME, "a.example")])
    key = ec.generate_private_key(ec.SECP256R1())
    bare = reference.CertificateBuilder(name, name, key.public_key(), 1, datetime.now(), datetime.now())
    text = bare.sign(key, hashes.SHA256()).public_bytes(PEM).decode()
    assert x509.parse_chain(text)[0].authority_key == b""
