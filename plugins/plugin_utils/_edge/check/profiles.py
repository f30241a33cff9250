# SPDX-License-Identifier: GPL-3.0-or-later
"""Requested profiles that the host's certbot or the ACME server does not know."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.directory import PROFILES_SINCE
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.sources.registry import source_of

from ..model.edge import Edge
from ..plan.certificates import directory_of
from ..syntax.problems import Problem, did_you_mean
from ..target.capabilities import parse_version, version_text


def profiles_of(edge: Edge) -> list[tuple[str, str]]:
    """Place and name of every requested profile."""
    found = [
        (certificate.at("profile"), certificate.profile)
        for certificate in edge.certificates
        if source_of(certificate.source).ordered and certificate.profile
    ]
    if edge.acme is not None and edge.acme.profile:
        found.insert(0, (edge.acme.at("profile"), edge.acme.profile))
    return found


def check_profiles(edge: Edge, certbot: str, offered: Collection[str] | None) -> Iterator[Problem]:
    """Problems of the profiles.

    :param certbot: version of the host's certbot, of the one that it would install, or empty.
    :param offered: what the ACME server lists; None when it did not answer, which is no problem here.
    """
    version = parse_version(certbot)
    for place, profile in profiles_of(edge):
        if version and version < PROFILES_SINCE:
            yield Problem(
                place,
                f"profiles need certbot {version_text(PROFILES_SINCE)} or newer; this host has certbot {certbot}",
                "remove it, or install a newer certbot",
            )
        elif offered is not None and profile not in offered:
            directory = directory_of(edge.acme) if edge.acme else "the ACME server"
            known = f"has no profile '{profile}' ({', '.join(sorted(offered))})" if offered else "lists no profiles"
            yield Problem(place, f"{directory} {known}", did_you_mean(profile, offered) or "remove it")
