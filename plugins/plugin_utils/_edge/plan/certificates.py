# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates an edge needs, from its sites and from what the model says of certificates."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from ..model.certificate import Acme, Certificate, DnsChallenge
from ..model.edge import Edge
from ..target.capabilities import REJECT_HANDSHAKE, Target

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
LETS_ENCRYPT_STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"
"""As https://letsencrypt.org/docs/staging-environment/ has it."""
UNKNOWN_NAMES = "unknown-names"
"""Certificate shown to clients that ask for no known name, where nginx cannot reject their handshake."""


@dataclass(frozen=True)
class PlannedDns:
    """Who proves the names by DNS; the credentials themselves stay where they are, and are fetched when they are used.

    :param provider: plugin of certbot, without ``dns-``.
    :param package: what brings it.
    :param credentials_file: on the controller.
    """

    provider: str
    package: str
    credentials_file: str | None
    propagation_seconds: int | None


@dataclass(frozen=True)
class PlannedCertificate:
    """One certificate to be there before nginx starts.

    :param path: place in the model, for errors.
    :param names: host names, at least one; the first is the common name.
    :param key_size: bits of an RSA key.
    :param fullchain: PEM file on the controller, only for source ``provided``, like ``privkey``.
    :param challenge: only for source ``acme``, like the following parameters; ``dns`` is None with ``http-01``.
    """

    name: str
    source: str
    names: tuple[str, ...]
    key_type: str = "ecdsa"
    key_size: int = 2048
    fullchain: str | None = None
    privkey: str | None = None
    challenge: str = "http-01"
    dns: PlannedDns | None = None
    profile: str | None = None
    preferred_chain: str | None = None
    path: str = ""


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
            continue  # check_certificates reports it
        planned.append(_planned(name, names, declared.get(name), edge, places.get(name, "")))
    if target is not None and users and not target.can(REJECT_HANDSHAKE):
        planned.append(PlannedCertificate(UNKNOWN_NAMES, "self_signed", ("invalid",)))
    return tuple(planned)


def received_by(host: str, edge: Edge, certificates: tuple[PlannedCertificate, ...]) -> tuple[PlannedCertificate, ...]:
    """The certificates of one host, where one orders for others: whoever is not that one gets them from it."""
    issuing_edge = edge.acme.issuing_edge if edge.acme else None
    if not issuing_edge or issuing_edge == host:
        return certificates
    return tuple(replace(one, source="received") if one.source == "acme" else one for one in certificates)


def _planned(
    name: str, names: tuple[str, ...], declared: Certificate | None, edge: Edge, place: str
) -> PlannedCertificate:
    source = declared.source if declared else edge.certificate_source
    acme = edge.acme if source == "acme" else None
    profile, chain = (acme.profile, acme.preferred_chain) if acme else (None, None)
    if declared is None:
        return PlannedCertificate(name, source, names, profile=profile, preferred_chain=chain, path=place)
    return PlannedCertificate(
        name,
        source,
        names,
        declared.key_type,
        declared.key_size,
        declared.fullchain,
        declared.privkey,
        declared.challenge,
        _planned_dns(declared.dns) if declared.dns and declared.challenge == "dns-01" else None,
        declared.profile or profile,
        declared.preferred_chain or chain,
        declared.place,
    )


def _planned_dns(dns: DnsChallenge) -> PlannedDns:
    package = dns.package or f"python3-certbot-dns-{dns.provider}"
    return PlannedDns(dns.provider, package, dns.credentials_file, dns.propagation_seconds)


def directory_of(acme: Acme) -> str:
    """The directory that certificates are ordered from."""
    return LETS_ENCRYPT_STAGING if acme.staging else acme.directory_url


def plan_authority(edge: Edge, certificates: tuple[PlannedCertificate, ...]) -> dict[str, Any] | None:
    """The authority and the account for ``certbot_certificates``, but for its secret.

    :param certificates: those of this host; None comes back when it orders none of them.
    """
    acme = edge.acme
    if acme is None or not any(one.source == "acme" for one in certificates):
        return None
    return {
        "email": acme.email,
        "directory_url": directory_of(acme),
        "ca_bundle": acme.ca_bundle,
        "agree_tos": acme.agree_tos,
        "eab": {"kid": acme.eab.kid} if acme.eab else None,
    }


def _unique(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def as_plain(certificates: tuple[PlannedCertificate, ...]) -> list[dict[str, Any]]:
    """For a module's arguments."""
    return [{**asdict(certificate), "names": list(certificate.names)} for certificate in certificates]
