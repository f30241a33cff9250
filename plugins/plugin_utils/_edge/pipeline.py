# SPDX-License-Identifier: GPL-3.0-or-later
"""All steps on the controller: variables → model → checks → view → text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import PLACEHOLDER, Content

from .check.certificates import check_certificates
from .check.edge import check, warnings
from .check.fleet import check_orderer
from .check.hidden_paths import check_hidden_paths
from .check.key_pairs import Reader, check_files
from .check.target import check_target
from .model.edge import Edge
from .plan.certificates import plan_authority, plan_certificates, received_by
from .plan.served import served_names, served_ports
from .plan.user_files import Hasher, paths, user_files
from .policy.lifted import lifted
from .read.reader import SiteFile, read_edge
from .read.spec import Options
from .render.edge import view_edge
from .render.facts import facts_of
from .render.files import digest, render
from .report.summary import probes
from .syntax.problems import Problem
from .target.capabilities import Target
from .version import VERSION

SETTINGS = (
    "status_port",
    "http_port",
    "https_port",
    "reload_timeout",
    "generations_keep",
    "allow_restart",
    "max_fail_percentage",
    "take_over",
)
"""Settings of the edge that other tasks and roles use."""


@dataclass(frozen=True)
class Inventory:
    """The place of a host in the inventory.

    :param host: its own name.
    :param hosts: the names of all hosts.
    """

    host: str
    hosts: frozenset[str]


def differs_by_host(variables: Mapping[str, Any]) -> bool:
    """Whether hosts with the same variables have different results: if one of them orders the certificates of all, or
    if certbot of each host must support a profile.

    :param variables: not checked yet.
    """
    acme, certificates = variables.get("edge_acme"), variables.get("edge_certificates")
    records = [acme, *(certificates if isinstance(certificates, list) else [])]
    return any(isinstance(one, Mapping) and ("issuing_edge" in one or "profile" in one) for one in records)


@dataclass(frozen=True)
class Plan:
    """The result of reading and checking a model.

    :param certificates: arguments for ``tls_certificates``, one mapping each.
    :param authority: that and the account for ``certbot_certificates``; None when nothing is ordered.
    :param problems: if there are any, nothing must be built from ``edge``.
    :param lifted: guarantees that the model lifts on purpose.
    :param files: places of the sites that have their own file -> name of the file.
    """

    edge: Edge
    certificates: list[dict[str, Any]]
    authority: dict[str, Any] | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    lifted: tuple[Problem, ...]
    files: Mapping[str, str]


def plan(
    options: Options,
    variables: Mapping[str, Any],
    target: Target,
    file_exists: Callable[[str], bool],
    site_files: Sequence[SiteFile] = (),
    *,
    read_file: Reader | None = None,
    inventory: Inventory | None = None,
    service_options: Sequence[str] = (),
) -> Plan:
    """Read and check the variables of a host.

    :param options: the argument spec of the model.
    :param file_exists: whether the controller has a file.
    :param site_files: sites, one per file.
    :param read_file: reads those files; if None, their contents are not checked.
    :param inventory: determines the issuing edge; if None, every host orders its certificates.
    :param service_options: options of systemd that the operator adds to the unit of nginx.
    """
    reading = read_edge(options, variables, site_files)
    edge = reading.edge
    found = (
        *check(reading),
        *check_certificates(reading),
        *check_target(edge, target),
        *check_hidden_paths(edge, service_options),
        *check_files(edge, file_exists, read_file, datetime.now(timezone.utc)),
        *(check_orderer(edge, inventory.hosts) if inventory else ()),
    )
    # A list without its wrong items may seem to be empty or too short.
    problems = (*reading.problems, *(one for one in found if not _follows(one, reading.problems)))
    certificates = plan_certificates(edge, target)
    if inventory:
        certificates = received_by(inventory.host, edge, certificates)
    return Plan(
        edge=edge,
        certificates=[one.as_plan() for one in certificates],
        authority=plan_authority(edge, certificates),
        problems=problems,
        warnings=warnings(edge, target),
        lifted=tuple(lifted(edge)),
        files=reading.files,
    )


def _follows(problem: Problem, earlier: Sequence[Problem]) -> bool:
    return any(one.path.startswith(f"{problem.path}[") for one in earlier)


@dataclass(frozen=True)
class Built:
    """The data for a host: a generation, and the files with the password hashes of its users."""

    content: Content
    user_files: dict[str, str]


def build(edge: Edge, target: Target, templates: Path, hash_password: Hasher) -> Built:
    """Render a model without problems for one target.

    :param templates: folder of the role's templates.
    """
    users = user_files(edge, hash_password)
    view = view_edge(edge, target, generation=PLACEHOLDER, user_files=paths(users))
    rendered, facts = render(view, templates), facts_of(edge, view)
    content = Content(
        rendered.files,
        digest(rendered.files, facts),
        edge.status_port,
        VERSION,
        facts=facts,
        places=rendered.places,
    )
    return Built(content, dict(users.values()))


def plain(planned: Plan, content: Content, warnings: Sequence[str]) -> dict[str, Any]:
    """The plan, as ``edge_config`` returns it.

    :param content: the rendered configuration.
    :param warnings: warnings about the model, each with its place.
    """
    edge = planned.edge
    return {
        "certificates": planned.certificates,
        "acme": planned.authority,
        "issuing_edge": edge.acme.issuing_edge if edge.acme else None,
        "settings": {name: getattr(edge, name) for name in SETTINGS},
        "sites": probes(edge),
        "serves": {"names": served_names(edge), "ports": served_ports(content.facts)},
        "probe": {name: getattr(edge.probe, name) for name in ("enabled", "timeout", "retry_timeout")},
        "edge_warnings": [*warnings, *(f"{one}; the model allows this" for one in planned.lifted)],
    }
