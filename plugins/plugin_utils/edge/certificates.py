# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates an edge needs, from its sites and from what the model says of certificates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from .capabilities import REJECT_HANDSHAKE, Target
from .model import Certificate, Edge
from .problems import Problem
from .read import Reading

UNKNOWN_NAMES = "unknown-names"
"""Certificate shown to clients that ask for no known name, where nginx cannot reject their handshake."""


@dataclass(frozen=True)
class PlannedCertificate:
    """One certificate to be there before nginx starts.

    :param path: place in the model, for errors.
    :param names: host names, at least one; the first is the common name.
    :param key_size: bits of an RSA key.
    :param fullchain: PEM file on the controller, for source ``provided`` alone; likewise ``privkey``.
    """

    name: str
    source: str
    names: tuple[str, ...]
    key_type: str
    key_size: int
    fullchain: str | None
    privkey: str | None
    path: str


def plan_certificates(edge: Edge, target: Target | None = None) -> tuple[PlannedCertificate, ...]:
    """All certificates of the edge, in the order of their names.

    :param target: where given, the certificate for unknown names is added if its nginx needs one.
    """
    declared = {certificate.name: certificate for certificate in edge.certificates}
    users: dict[str, list[str]] = {}
    places: dict[str, str] = {}
    for site in edge.sites:
        if site.https:
            users.setdefault(site.certificate_name, []).extend(site.names)
            places.setdefault(site.certificate_name, site.place)
    planned = []
    for name in sorted({*declared, *users}):
        names = _unique(declared[name].names if name in declared and declared[name].names else users.get(name, []))
        if not names:
            continue  # told by check_certificates
        planned.append(_planned(name, names, declared.get(name), edge, places.get(name, "")))
    if target is not None and users and not target.can(REJECT_HANDSHAKE):
        planned.append(PlannedCertificate(UNKNOWN_NAMES, "self_signed", ("invalid",), "ecdsa", 2048, None, None, ""))
    return tuple(planned)


def received_by(host: str, edge: Edge, certificates: tuple[PlannedCertificate, ...]) -> tuple[PlannedCertificate, ...]:
    """The certificates of one host, where one orders for others: whoever is not that one gets them from it."""
    orderer = edge.acme.ordered_by if edge.acme else None
    if not orderer or orderer == host:
        return certificates
    return tuple(replace(one, source="received") if one.source == "acme" else one for one in certificates)


def _planned(
    name: str, names: tuple[str, ...], declared: Certificate | None, edge: Edge, place: str
) -> PlannedCertificate:
    if declared is None:
        return PlannedCertificate(name, edge.certificate_source, names, "ecdsa", 2048, None, None, place)
    return PlannedCertificate(
        name,
        declared.source,
        names,
        declared.key_type,
        declared.key_size,
        declared.fullchain,
        declared.privkey,
        declared.place,
    )


def _unique(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def check_certificates(reading: Reading) -> Iterator[Problem]:
    """Problems of certificates: files, names, and the account that ACME needs."""
    edge = reading.edge
    for certificate in edge.certificates:
        yield from _check_declared(certificate, edge)
    ordered = [certificate for certificate in plan_certificates(edge) if certificate.source == "acme"]
    for planned in ordered:
        for name in planned.names:
            if name.startswith("*."):
                reason = f"'{name}' cannot be validated over HTTP"
                yield Problem(planned.path, reason, "add its certificate to edge_certificates with source: provided")
    if ordered and edge.acme is None and not any(problem.path.startswith("edge_acme") for problem in reading.problems):
        names = ", ".join(certificate.name for certificate in ordered)
        yield Problem(
            "edge_acme.email",
            f"required, for certificates come from an ACME server ({names})",
            "set edge_acme: {email: …} in the inventory, or edge_certificate_source: self_signed",
        )
    if ordered and edge.acme is not None and edge.acme.agree_tos is False:
        yield Problem(
            "edge_acme.agree_tos", "the ACME server issues nothing without agreement to its terms", "set it to true"
        )


def _check_declared(certificate: Certificate, edge: Edge) -> Iterator[Problem]:
    files = (("fullchain", certificate.fullchain), ("privkey", certificate.privkey))
    for option, value in files:
        if certificate.source == "provided" and not value:
            yield Problem(
                certificate.at(option), "required with source: provided", "name the PEM file on the controller"
            )
        if certificate.source != "provided" and value:
            yield Problem(
                certificate.at(option),
                f"has no meaning with source: {certificate.source}",
                "write source: provided",
            )
    used_by = [site for site in edge.sites if site.https and site.certificate_name == certificate.name]
    if not used_by and not certificate.names:
        yield Problem(
            certificate.place,
            f"no site uses '{certificate.name}', and it has no names",
            "take it out, or name its names",
        )
    if certificate.names:
        for site in used_by:
            for name in site.names:
                if not _covers(certificate.names, name):
                    yield Problem(certificate.at("names"), f"'{name}' of {site.place} is missing", f"add {name}")


def _covers(names: tuple[str, ...], wanted: str) -> bool:
    parent = wanted.partition(".")[2]
    return wanted in names or f"*.{parent}" in names


def as_plain(certificates: tuple[PlannedCertificate, ...]) -> list[dict[str, Any]]:
    """For a module's arguments."""
    return [{**asdict(certificate), "names": list(certificate.names)} for certificate in certificates]
