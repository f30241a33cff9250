# SPDX-License-Identifier: GPL-3.0-or-later
"""The warnings of a host, which a run collects and prints once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .values import untagged

COLLECTED = "edge_warnings"
"""The variable of a host to which users add warnings, and the name of the warnings in a result."""
RESULTS = (
    "__edge_plan",
    "__edge_taken_over",
    "__nginx_limited",
    "__edge_pairs",
    "__edge_configured",
    "__certbot_issued",
)
"""The results with warnings that the roles register or set, in the order of a run."""


def collected_warnings(variables: Mapping[str, Any], added: Any) -> list[str]:
    """The warnings in the results of a host, and those that users added; each one once.

    :param variables: of the host; results need no evaluation.
    :param added: the evaluated value of :data:`COLLECTED`; None if there is none.
    """
    results = (variables.get(name) for name in RESULTS)
    found = [one.get(COLLECTED) for one in results if isinstance(one, Mapping)]
    return list(dict.fromkeys(line for lines in (*found, added) for line in _lines(lines)))


def _lines(value: Any) -> Iterable[str]:
    plain = untagged(value)
    if isinstance(plain, str):
        return (plain,)
    return (str(line) for line in plain) if isinstance(plain, list) else ()
