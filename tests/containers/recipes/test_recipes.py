# SPDX-License-Identifier: GPL-3.0-or-later
"""Each recipe for an application serves an application like it, on the real nginx of each system."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ansible_collections.hardened.nginx_edge.tests.containers.edges import EdgeContainer
from ansible_collections.hardened.nginx_edge.tools.applications import Application, applications

from .runs import COMMAND, Run, chosen


@pytest.mark.parametrize("application", chosen(applications()), ids=lambda one: one.path.stem)
def test_a_recipe_serves_its_application(application: Application, edges: Mapping[str, EdgeContainer]) -> None:
    runs = {suite: Run(application, suite) for suite in edges}
    for suite, run in runs.items():
        edges[suite].ask(run.files(), COMMAND)
    verdicts = {suite: edges[suite].answer() for suite in runs}
    failed = {suite: verdict.printed for suite, verdict in verdicts.items() if verdict.code != 0}
    assert failed == {}
    found = [f"{suite}: {one}" for suite, run in runs.items() for one in run.complaints(verdicts[suite].printed)]
    assert not found, "\n".join(found)
