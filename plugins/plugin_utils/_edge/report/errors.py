# SPDX-License-Identifier: GPL-3.0-or-later
"""The message about the errors of a model."""

from __future__ import annotations

from collections.abc import Sequence

from ..syntax.problems import Problem


def error_message(problems: Sequence[Problem]) -> str:
    """All errors, each on its own line."""
    count = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
    return f"{count} in the model of the edge; nothing was changed:\n" + "\n".join(
        f"  {problem}" for problem in problems
    )
