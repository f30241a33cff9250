# SPDX-License-Identifier: GPL-3.0-or-later
"""The message about the errors of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..syntax.problems import Problem


def error_message(problems: Sequence[Problem], locate: Callable[[str], str] = lambda _place: "") -> str:
    """All errors, each on its own line.

    :param locate: file and line of a place, such as ``prod/group_vars/edge/sites.yml:14``; empty if it is not known.
    """
    count = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
    lines = "\n".join(f"  {located(problem, locate)}" for problem in problems)
    return f"{count} in the model of the edge; nothing was changed:\n{lines}"


def located(problem: Problem, locate: Callable[[str], str]) -> str:
    """A problem with file and line before its place."""
    where = locate(problem.path)
    return f"{where}: {problem}" if where else str(problem)
