# SPDX-License-Identifier: GPL-3.0-or-later
"""Provided pairs and credentials, read on the controller: problems are reported before any host is changed.

The target checks a pair once more when it receives it, with its own openssl and its own clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.sources.registry import source_of
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.x509 import key_matches, parse_chain

from ..model.certificate import Certificate
from ..model.edge import Edge
from ..plan.certificates import plan_certificates
from ..syntax.problems import Problem

FILES = "a relative path starts at the folder that holds the inventory's, or at files/ there"
Reader = Callable[[str], str]
"""The text of a file of the controller, decrypted where it is vaulted; OSError and ValueError say why there is none."""


def check_files(edge: Edge, exists: Callable[[str], bool], read: Reader | None, now: datetime) -> Iterator[Problem]:
    """Problems of the files that certificates name.

    :param read: without, what is in the files is not looked at.
    """
    names = {certificate.name: certificate.names for certificate in plan_certificates(edge)}
    for certificate in edge.certificates:
        files = list(_files(certificate))
        missing = [
            Problem(place, f"the controller has no file {path}", FILES) for place, path in files if not exists(path)
        ]
        yield from missing
        if read is None or missing:
            continue
        texts: dict[str, str] = {}
        for place, path in files:
            text, problem = _text(place, path, read)
            texts[place] = text
            yield from problem
        pair = [texts.get(certificate.at(option)) for option in ("fullchain", "privkey")]
        if source_of(certificate.source).from_files and pair[0] and pair[1]:
            yield from _check_pair(certificate, pair[0], pair[1], names.get(certificate.name, ()), now)


def _text(place: str, path: str, read: Reader) -> tuple[str, list[Problem]]:
    try:
        text = read(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return "", [Problem(place, f"the controller cannot read {path}: {reason}")]
    return text, [] if text.strip() else [Problem(place, f"{path} is empty")]


def _files(certificate: Certificate) -> Iterator[tuple[str, str]]:
    """Place and path of each file that a certificate names."""
    for option, path in (("fullchain", certificate.fullchain), ("privkey", certificate.privkey)):
        if path:
            yield certificate.at(option), path
    if certificate.dns is not None and certificate.dns.credentials_file:
        yield certificate.dns.at("credentials_file"), certificate.dns.credentials_file


def _check_pair(
    certificate: Certificate, fullchain: str, privkey: str, names: tuple[str, ...], now: datetime
) -> Iterator[Problem]:
    try:
        chain = parse_chain(fullchain)
    except EdgeError as error:
        yield Problem(certificate.at("fullchain"), error.message)
        return
    try:
        if key_matches(chain[0], privkey) is False:
            yield Problem(certificate.at("privkey"), key_pairs.mismatch(chain, privkey))
            return
    except EdgeError as error:
        yield Problem(certificate.at("privkey"), error.message)
    for wrong in key_pairs.problems_of(chain, names, now):
        yield Problem(certificate.at("fullchain"), wrong)
