# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that an edge needs, from its sites and from edge_certificates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.sources import self_signed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.sources.registry import source_of
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import DnsPlugin, Wanted

from ..model.certificate import Acme, Certificate, DnsChallenge
from ..model.edge import Edge
from ..target.capabilities import REJECT_HANDSHAKE, Target
from .sockets import sockets_of_unknown_names

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
LETS_ENCRYPT_STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"
"""Source: https://letsencrypt.org/docs/staging-environment/."""
UNKNOWN_NAMES = "unknown-names"
"""Certificate for clients that request an unknown name, if nginx cannot reject the handshake."""


def plan_certificates(edge: Edge, target: Target | None = None) -> tuple[Wanted, ...]:
    """All certificates of the edge, in the order of their names.

    :param target: where given, the certificate for unknown names is added if its nginx needs one.
    """
    declared = {certificate.name: certificate for certificate in edge.certificates}
    users: dict[str, list[str]] = {}
    places: dict[str, str] = {}
    for site in edge.sites:
        if site.https:
            for name in site.certificate_names:
                users.setdefault(name, []).extend(site.host_names)
                places.setdefault(name, site.place)
    planned = []
    for name in sorted({*declared, *users}):
        names = _unique(declared[name].names if name in declared and declared[name].names else users.get(name, []))
        if not names:
            continue  # check_certificates reports it
        planned.append(_planned(name, names, declared.get(name), edge, places.get(name, "")))
    if target is not None and sockets_of_unknown_names(edge) and not target.can(REJECT_HANDSHAKE):
        planned.append(Wanted(UNKNOWN_NAMES, ("invalid",), self_signed.SOURCE.name))
    return tuple(planned)


def received_by(host: str, edge: Edge, certificates: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
    """The certificates of one host, where one orders for others: whoever is not that one gets them from it."""
    issuing_edge = edge.acme.issuing_edge if edge.acme else None
    if not issuing_edge or issuing_edge == host:
        return certificates
    return tuple(replace(one, source=source_of(one.source).on_other_edges or one.source) for one in certificates)


def _planned(name: str, names: tuple[str, ...], declared: Certificate | None, edge: Edge, place: str) -> Wanted:
    source = declared.source if declared else edge.certificate_source
    acme = edge.acme if source_of(source).ordered else None
    profile, chain = (acme.profile, acme.preferred_chain) if acme else (None, None)
    if declared is None:
        return Wanted(name, names, source, profile=profile, preferred_chain=chain, path=place)
    return Wanted(
        name,
        names,
        source,
        key_type=declared.key_type,
        key_size=declared.key_size,
        path=declared.place,
        fullchain=declared.fullchain,
        privkey=declared.privkey,
        challenge=declared.challenge,
        dns=_planned_dns(declared.dns) if declared.dns and declared.challenge == "dns-01" else None,
        profile=declared.profile or profile,
        preferred_chain=declared.preferred_chain or chain,
    )


def _planned_dns(dns: DnsChallenge) -> DnsPlugin:
    return DnsPlugin(
        dns.provider,
        dns.package or f"python3-certbot-dns-{dns.provider}",
        dns.credentials_file,
        propagation_seconds=dns.propagation_seconds,
    )


def directory_of(acme: Acme) -> str:
    """The directory that certificates are ordered from."""
    return LETS_ENCRYPT_STAGING if acme.staging else acme.directory_url


def plan_authority(edge: Edge, certificates: tuple[Wanted, ...]) -> dict[str, Any] | None:
    """The authority and the account for ``certbot_certificates``, but for its secret.

    :param certificates: those of this host. Returns None if it orders none of them.
    """
    acme = edge.acme
    if acme is None or not any(source_of(one.source).ordered for one in certificates):
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
