# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared by the tests of the model: the spec, targets as they are found in Debian, and the way to a plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils.edge.build import Plan, plan
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils.edge.capabilities import Target

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
TEMPLATES = ROOT / "roles" / "edge" / "templates"
SPEC = yaml.safe_load((ROOT / "roles/edge/meta/argument_specs.yml").read_text(encoding="utf-8"))
OPTIONS: Mapping[str, Any] = SPEC["argument_specs"]["model"]["options"]

TARGETS = {
    "bullseye": Target((1, 18, 0), (1, 1, 1), ()),
    "bookworm": Target((1, 22, 1), (3, 0, 17), ()),
    "trixie": Target((1, 26, 3), (3, 5, 1), ("--with-http_v3_module",)),
    "forky": Target((1, 30, 6), (3, 6, 5), ("--with-http_v3_module",)),
}


def planned(variables: Mapping[str, Any], target: Target = TARGETS["trixie"]) -> Plan:
    """The plan for the variables of a host; the controller has no files but those in a folder ``there``."""
    return plan(OPTIONS, variables, target, lambda path: path.startswith("there/"))


def errors(variables: Mapping[str, Any], target: Target = TARGETS["trixie"]) -> list[str]:
    """The errors that an operator would read."""
    return [str(problem) for problem in planned(variables, target).problems]
