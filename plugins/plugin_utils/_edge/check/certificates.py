# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of certificates: files, names, challenges, and the account at the ACME server."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.sources.registry import (
    source_of,
    without_effect,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted, options_of

from ..model.certificate import Acme, Certificate
from ..model.edge import Edge
from ..model.site import Site
from ..plan.certificates import LETS_ENCRYPT, LETS_ENCRYPT_STAGING, UNKNOWN_NAMES, plan_certificates
from ..read.reader import Reading
from ..syntax.problems import Problem
from .ranges import at_least

LONGEST_PROPAGATION = 3600
"""Seconds; certbot sleeps for so long, and the run waits for it."""
WITHOUT_CREDENTIALS = frozenset({"route53"})
"""Plugins that take their keys from the machine's own role, and have no option for a file."""
_WITHOUT_NAMES = re.compile(r"edge_sites\[\d+\]( \(\S+\))?(\.(name|aliases)\S*)?")
"""Places of errors that hide names of a site."""


def check_certificates(reading: Reading) -> Iterator[Problem]:
    """Problems of certificates: files, names, challenges, and the account that ACME needs."""
    edge = reading.edge
    for certificate in edge.certificates:
        yield from _check_source(certificate)
        yield from _check_challenge(certificate)
        yield from _check_use(certificate, reading)
        yield from _check_reach(certificate, reading)
    for site in edge.sites:
        yield from _check_second(site, edge)
    ordered = [certificate for certificate in plan_certificates(edge) if source_of(certificate.source).ordered]
    for planned in ordered:
        yield from _check_ordered(planned)
    if ordered and edge.acme is None and not any(problem.path.startswith("edge_acme") for problem in reading.problems):
        names = ", ".join(certificate.name for certificate in ordered)
        yield Problem(
            "edge_acme.email",
            f"required, because certificates come from an ACME server ({names})",
            "set edge_acme: {email: …} in the inventory, or edge_certificate_source: self_signed",
        )
    if edge.acme is not None:
        yield from _check_acme(edge.acme, ordered=bool(ordered))


def _check_second(site: Site, edge: Edge) -> Iterator[Problem]:
    second, first = site.second_certificate, site.certificate
    if second is None or not site.https:
        return
    place = site.at("second_certificate")
    provided = any(one and source_of(one.source).from_files for one in (first, second))
    key_type = first.key_type if first else Wanted.key_type
    if second.name == site.certificate_name or (not provided and second.key_type == key_type):
        remedy = f"write key_type: {'rsa' if key_type == 'ecdsa' else 'ecdsa'} in '{second.name}'"
        yield Problem(place, f"is a certificate with the same type of key ({key_type}) as the first one", remedy)
    if edge.tls_policy == "modern":
        reason = "has no effect with edge_tls_policy: modern, because all clients of TLS 1.3 support ECDSA"
        yield Problem(place, reason, "remove it")


def _check_acme(acme: Acme, *, ordered: bool) -> Iterator[Problem]:
    if ordered and acme.agree_tos is False:
        yield Problem(
            acme.at("agree_tos"), "the ACME server requires agreement to its terms of service", "set it to true"
        )
    if acme.staging and acme.directory_url not in (LETS_ENCRYPT, LETS_ENCRYPT_STAGING):
        yield Problem(
            acme.at("staging"),
            f"is Let's Encrypt's, and edge_acme.directory_url is {acme.directory_url}",
            "remove one of them; the staging environment of another authority has its own directory_url",
        )


def _check_ordered(planned: Wanted) -> Iterator[Problem]:
    if planned.challenge == "dns-01":
        return
    for name in planned.names:
        if name.startswith("*."):
            yield Problem(
                planned.path,
                f"'{name}' cannot be validated over HTTP",
                f"give '{planned.name}' challenge: dns-01 in edge_certificates, or source: provided",
            )


def _check_source(certificate: Certificate) -> Iterator[Problem]:
    for option, remedy in source_of(certificate.source).required.items():
        if not getattr(certificate, option):
            yield Problem(certificate.at(option), f"required with source: {certificate.source}", remedy)
    defaults = options_of(Wanted)
    for option, other in without_effect(certificate.source).items():
        _option, default = defaults[option]
        if getattr(certificate, option) != default:
            yield Problem(
                certificate.at(option), f"has no effect with source: {certificate.source}", f"write source: {other}"
            )


def _check_challenge(certificate: Certificate) -> Iterator[Problem]:
    if not source_of(certificate.source).ordered:
        return
    dns = certificate.dns
    if certificate.challenge == "dns-01" and dns is None:
        yield Problem(
            certificate.at("dns"),
            "required with challenge: dns-01",
            "write dns: {provider: …}, the plugin of certbot that writes the records",
        )
    if dns is None:
        return
    if certificate.challenge != "dns-01":
        yield Problem(dns.place, f"has no effect with challenge: {certificate.challenge}", "write challenge: dns-01")
        return
    given = [name for name in ("credentials", "credentials_file") if getattr(dns, name)]
    if len(given) == 2:  # noqa: PLR2004 - both of the two
        yield Problem(dns.place, "has credentials and credentials_file", "remove one of them")
    if dns.provider in WITHOUT_CREDENTIALS and given:
        yield Problem(
            dns.at(given[0]), f"the certbot plugin for {dns.provider} takes no credentials", "give the host a role"
        )
    if dns.provider not in WITHOUT_CREDENTIALS and not given:
        yield Problem(
            dns.at("credentials"),
            f"required with provider: {dns.provider}",
            "write the lines of its file, or name a credentials_file on the controller",
        )
    if dns.propagation_seconds is not None:
        yield from at_least(dns, "propagation_seconds", dns.propagation_seconds, 1, LONGEST_PROPAGATION)


def _check_use(certificate: Certificate, reading: Reading) -> Iterator[Problem]:
    edge = reading.edge
    if certificate.name == UNKNOWN_NAMES:
        yield Problem(
            certificate.at("name"),
            f"'{UNKNOWN_NAMES}' is reserved for clients that ask for an unknown name",
            "give it another name",
        )
    used_by = [site for site in edge.sites if site.https and certificate.name in site.certificate_names]
    if not used_by and not certificate.names and not _has_broken_sites(reading):
        yield Problem(
            certificate.place,
            f"no site uses '{certificate.name}', and it has no names",
            "remove it, or write its names",
        )
    if certificate.names:
        for site in used_by:
            for name in site.host_names:
                if not _covers(certificate.names, name):
                    yield Problem(certificate.at("names"), f"'{name}' of {site.place} is missing", f"add {name}")


def _check_reach(certificate: Certificate, reading: Reading) -> Iterator[Problem]:
    """Names whose challenge no site would answer; a site with errors counts as one that does."""
    if not source_of(certificate.source).ordered or certificate.challenge != "http-01":
        return
    if _has_nameless_sites(reading):
        return
    served = {name for site in reading.edge.sites for name in site.names} | reading.names["edge_sites"]
    for name in certificate.names:
        if not name.startswith("*.") and not _covers(tuple(served), name):
            yield Problem(
                certificate.at("names"),
                f"no site of this edge has the name '{name}', so validation would fail",
                "add it to a site's aliases, remove it, or write challenge: dns-01",
            )


def _has_broken_sites(reading: Reading) -> bool:
    """Whether sites with errors were left out, so that a certificate may only seem to be unused."""
    sound = {name for site in reading.edge.sites for name in site.names}
    return bool(reading.names["edge_sites"] - sound) or _has_nameless_sites(reading)


def _has_nameless_sites(reading: Reading) -> bool:
    """Whether a site has errors that hide its names."""
    return any(_WITHOUT_NAMES.fullmatch(problem.path) for problem in reading.problems)


def _covers(names: tuple[str, ...], wanted: str) -> bool:
    parent = wanted.partition(".")[2]
    return wanted in names or f"*.{parent}" in names
