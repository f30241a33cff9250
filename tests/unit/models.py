# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared by the tests of the model: the spec, targets as they are found in Debian, and the way to a plan."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import PLACEHOLDER
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.package import DISTRIBUTION
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import Plan, build, plan
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.capabilities import Target
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.releases import target_of
from ansible_collections.hardened.nginx_edge.tools.pages import SYSTEMS

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
MISTAKES = ROOT / "tests" / "mistakes"
TEMPLATES = ROOT / "roles" / "edge" / "templates"
SPEC = yaml.safe_load((ROOT / "roles/edge/meta/argument_specs.yml").read_text(encoding="utf-8"))
OPTIONS: Mapping[str, Any] = SPEC["argument_specs"]["model"]["options"]

TARGETS = {name: dataclasses.replace(target_of(name, DISTRIBUTION), installed=True) for name in SYSTEMS}
"""Code name -> nginx of the systems that the test hosts have."""


def planned(variables: Mapping[str, Any], target: Target = TARGETS["trixie"]) -> Plan:
    """The plan for the variables of a host. The controller has files in two folders: those in ``there``, whose content
    is no matter, and the ``pairs`` of ``tests/mistakes``."""

    def exists(path: str) -> bool:
        return path.startswith("there/") or os.path.isfile(MISTAKES / path)

    named = str(variables.get("edge_certificates"))
    return plan(OPTIONS, variables, target, exists, read_file=_read_pair if "'pairs/" in named else None)


def _read_pair(path: str) -> str:
    return (MISTAKES / path).read_text(encoding="utf-8")


def rendered(variables: Mapping[str, Any], target: Target) -> dict[str, str]:
    """Relative path -> text for the variables of a host, as the generation named ``golden``; a password's hash is the
    password itself.

    :raises ValueError: the model has problems.
    """
    found = planned(variables, target)
    if found.problems:
        raise ValueError("\n".join(map(str, found.problems)))
    return rendered_plan(found, target)


def rendered_plan(found: Plan, target: Target) -> dict[str, str]:
    """The same for a plan without problems."""
    files = build(found.edge, target, TEMPLATES, lambda password, salt: f"$6${salt}${password}").content.files
    return {path: text.replace(PLACEHOLDER, "golden") for path, text in files.items()}


def errors(variables: Mapping[str, Any], target: Target = TARGETS["trixie"]) -> list[str]:
    """The errors that an operator would read."""
    return [str(problem) for problem in planned(variables, target).problems]
