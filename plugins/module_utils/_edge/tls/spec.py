# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module option ``certificates``: its argument spec and its documentation, both derived from :class:`Wanted`."""

from __future__ import annotations

import json
from dataclasses import MISSING
from typing import Any

from .wanted import Option, Wanted, options_of


def certificates_argument() -> dict[str, Any]:
    """The argument specification that the certificate modules share, so that each accepts the plan unchanged."""
    return {"type": "list", "elements": "dict", "required": True, "options": _arguments(Wanted)}


def certificates_documentation() -> str:
    """The documentation of the option as part of a doc fragment. It is JSON, which is also YAML."""
    described = {
        "description": "The certificates of this host, as returned by M(hardened.nginx_edge.edge_config).",
        "type": "list",
        "elements": "dict",
        "required": True,
        "suboptions": _descriptions(Wanted),
    }
    return json.dumps({"options": {"certificates": described}}, indent=1)


def _arguments(record: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (option, default) in options_of(record).items():
        found[name] = _common(option, default)
        if option.no_log is not None:
            found[name]["no_log"] = option.no_log
        if option.record is not None:
            found[name]["options"] = _arguments(option.record)
    return found


def _descriptions(record: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (option, default) in options_of(record).items():
        found[name] = {"description": option.description, **_common(option, default)}
        if option.record is not None:
            found[name]["suboptions"] = _descriptions(option.record)
    return found


def _common(option: Option, default: Any) -> dict[str, Any]:
    """What the argument spec and the documentation have in common; an empty default is none."""
    found: dict[str, Any] = {"type": option.kind}
    if option.elements is not None:
        found["elements"] = option.elements
    if option.choices:
        found["choices"] = list(option.choices)
    if default is MISSING:
        found["required"] = True
    elif default not in (None, ""):
        found["default"] = default
    return found
