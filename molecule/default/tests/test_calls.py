# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a run without changes calls a module on an edge.

The time of a run depends on the machine, the number of calls does not.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run, run_site

testinfra_hosts = ["ansible://edge"]

MOST_CALLS = 8
"""Facts; probes before and after the change; settings of nginx; pairs and the test of the configuration; settings and
order of certificates; settings of the exporter and its response."""


@pytest.fixture(scope="session")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, Run]:
    """A run without changes, and when it started, in seconds since the epoch."""
    started = time.time()
    return started, run_site(variables={}, folder=tmp_path_factory.mktemp("unchanged"))


def calls(host: Any, since: float) -> list[str]:
    """The modules that ran on a host. Each one reports its call to the system log."""
    printed = host.check_output(f"journalctl --output json --since @{since:.0f} --grep '^Invoked'")
    entries = [json.loads(line) for line in printed.splitlines()]
    names = [str(entry.get("SYSLOG_IDENTIFIER", "")) for entry in entries]
    return [name.removeprefix("ansible-") for name in names if name.startswith("ansible-")]


def test_a_run_without_changes_makes_few_calls(host: Any, unchanged: tuple[float, Run]) -> None:
    started, run = unchanged
    assert (run.code, run.changed[host.ansible.get_variables()["inventory_hostname"]]) == (0, 0), run
    made = calls(host, started)
    assert 0 < len(made) <= MOST_CALLS, made
