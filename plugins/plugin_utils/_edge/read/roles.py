# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the other roles: misspelt names and wrong types are errors before any host is changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..syntax.problems import Problem, did_you_mean
from .spec import Options, read_value

REMOVED = {
    "certbot_webroot": ("nginx serves the responses to challenges from a fixed folder", "remove it"),
    "share_orderer": ("it was renamed", "write share_issuing_edge"),
}
"""Earlier variables -> why they are gone, and what to do."""


def check_role_variables(options: Options, names: Collection[str], values: Mapping[str, Any]) -> list[Problem]:
    """Problems of the variables of roles.

    Other roles may use the same prefixes, so only a close resemblance counts as misspelt.

    :param options: the options of all roles but ``edge``.
    :param names: names of all variables of a host.
    :param values: plain values of those variables that are options.
    """
    problems: list[Problem] = []
    prefixes = {name.partition("_")[0] + "_" for name in options}
    for name in sorted(names):
        if name in options:
            if values.get(name) is not None:
                read_value(options[name], values[name], name, problems)
        elif name in REMOVED:
            why, hint = REMOVED[name]
            problems.append(Problem(name, f"is not a variable any more: {why}", hint))
        elif name.startswith(tuple(prefixes)) and (hint := did_you_mean(name, options, cutoff=0.85)):
            problems.append(Problem(name, "is not a variable of these roles", hint))
    return problems
