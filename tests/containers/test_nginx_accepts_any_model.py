# SPDX-License-Identifier: GPL-3.0-or-later
"""The real nginx of each target tests drawn models, hostile texts and all: it has to take what the checker takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..properties.models import all_options
from ..properties.nginx import Trial
from ..properties.settings import bounded
from .edges import EdgeContainer

MODELS = 300


def test_nginx_accepts_what_the_checker_accepts(
    edges: Mapping[str, EdgeContainer], record_testsuite_property: Callable[[str, object], None]
) -> None:
    trial = Trial(edges)
    trial.run(bounded(MODELS))
    record_testsuite_property("note", str(trial))
    assert trial.models >= MODELS
    missed = set(all_options()) - trial.options
    assert len(missed) < len(trial.options) / 10, f"options that no accepted model has: {sorted(missed)}"
    # Most models are sound once they are fixed; else the run would show little.
    assert all(trial.accepted[suite] > MODELS / 2 for suite in edges), trial
