# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures this project's code and the libraries that docs/explanation/libraries.md compares it with.

``PYTHONPATH=.cache/collections python3 -m tools.libraries`` measures certificates and imports. It prints CPU time and
not elapsed time, so other load on the machine matters less. It needs only the standard library, openssl and
python3-cryptography, and runs on Debian 11 too. ``… -m tools.libraries FILE…`` counts lines of code, without blank
lines, comments and docstrings.
"""

from __future__ import annotations

import ast
import io
import resource
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import Any, Callable

import cryptography
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.self_signed import (
    Profile,
    with_library,
    with_openssl,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.x509 import parse_chain

PARSED = 1000
CREATED = 50
ROUNDS = 3
NAMES = ("shop.example.com", "www.shop.example.com")
CORE = "ansible_collections.hardened.nginx_edge.plugins.module_utils._edge"
CRYPTOGRAPHY = ("cryptography.x509", "cryptography.hazmat.backends.openssl.backend")
OWN = (f"{CORE}.tls.x509",)
IMPORTS = ((), OWN, (*OWN, *CRYPTOGRAPHY), CRYPTOGRAPHY, ("requests",), ("acme.messages",))
IMPORT = """
import resource, sys
for name in sys.argv[1:]:
    __import__(name)
used = resource.getrusage(resource.RUSAGE_SELF)
size = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print((used.ru_utime + used.ru_stime) * 1000, int(size) / 1024)
"""
NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code_lines(path: Path) -> int:
    """Lines of code of a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NOT_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def cpu_milliseconds(action: Callable[[], Any], times: int) -> float:
    """CPU time of this process and of the programs that it runs: the least of three rounds."""
    taken = []
    for _round in range(ROUNDS):
        before = _cpu_seconds()
        for _time in range(times):
            action()
        taken.append(_cpu_seconds() - before)
    return min(taken) * 1000


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def facts(pem: bytes) -> tuple[Any, ...]:
    """The facts that ``x509.parse_chain`` reads, by python3-cryptography."""
    one = x509.load_pem_x509_certificate(pem)
    names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    # The calls for times with a time zone exist since version 42, and the older ones are deprecated.
    end = one.not_valid_after_utc if hasattr(one, "not_valid_after_utc") else one.not_valid_after
    spki = one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return one.serial_number, list(names), end, one.subject.rfc4514_string(), one.issuer.rfc4514_string(), spki


def measure_certificates() -> None:
    """Reading and creating certificates, both ways."""
    profile = Profile(NAMES, organisation="edge", key_type="ecdsa", key_size=256, days=9)
    fullchain, _privkey = with_library(profile)
    print(f"Python {sys.version.split()[0]}, cryptography {cryptography.__version__}")
    for label, action, times in (
        ("parse, own code", lambda: parse_chain(fullchain), PARSED),
        ("parse, cryptography", lambda: facts(fullchain.encode()), PARSED),
        ("create, openssl program", lambda: with_openssl(LocalHost(), profile), CREATED),
        ("create, cryptography", lambda: with_library(profile), CREATED),
    ):
        taken = cpu_milliseconds(action, times)
        print(f"{label}: {taken:.1f} ms for {times}, {taken / times:.3f} ms each")


def measure_imports() -> None:
    """CPU time and peak memory of a new process with imports; the first one is the interpreter without any."""
    for names in IMPORTS:
        argv = [sys.executable, "-c", IMPORT, *names]
        done = [subprocess.run(argv, capture_output=True, text=True, check=False) for _round in range(2 * ROUNDS)]
        runs = [[float(word) for word in one.stdout.split()] for one in done if one.returncode == 0]
        if runs:
            taken, size = (min(one) for one in zip(*runs))
            print(f"import {', '.join(names).replace(CORE + '.', '')}: {taken:.0f} ms, {size:.1f} MiB")


if __name__ == "__main__":
    if sys.argv[1:]:
        for argument in sys.argv[1:]:
            print(f"{code_lines(Path(argument)):5} {argument}")
    else:
        measure_certificates()
        measure_imports()
