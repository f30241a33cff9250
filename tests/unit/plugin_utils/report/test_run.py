# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run: changes per site and the state of each edge, as lines and as data."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.run import lines, report
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.summary import failure_reason

WELL = {"a.test": {"status": 200, "problem": ""}}
BEFORE = {"answers": "aaaa", "sites": WELL}
AFTER = {"answers": "bbbb", "sites": WELL, "certificates_until": "2027-02-20T06:53:56Z"}
CHANGES: dict[str, Any] = {
    "sites": {"added": ["b.test"], "changed": ["a.test"], "removed": []},
    "streams": {"added": [], "changed": [], "removed": ["ldap"]},
    "shared": True,
}
CONFIGURED: dict[str, Any] = {"generation": "bbbb", "tested": True, "changes": CHANGES}


def shown(run: dict[str, Any], *, check_mode: bool = False, warnings: list[str] | None = None) -> list[str]:
    return lines({"edge-1": run}, {"edge-1": warnings or []}, check_mode=check_mode)


@pytest.mark.case("G9")
def test_a_run_with_changes() -> None:
    certificates = [{"name": "b.test", "state": "issued"}, {"name": "a.test", "state": "unchanged"}]
    run = {"state": "done", "before": BEFORE, "after": AFTER, "configured": CONFIGURED, "certificates": certificates}
    assert shown(run, warnings=["nginx: old"]) == [
        "WARNING: edge-1: nginx: old",
        "edge-1: generation bbbb answers, before: aaaa, 1/1 sites healthy, certificates until 2027-02-20",
        "  sites added: b.test; changed: a.test",
        "  streams removed: ldap",
        "  shared configuration changed",
        "  certificates ordered: b.test",
    ]


def test_a_preview() -> None:
    certificates = [{"name": "b.test", "state": "wanted"}]
    run = {"state": "done", "before": BEFORE, "after": BEFORE, "configured": CONFIGURED, "certificates": certificates}
    assert shown(run, check_mode=True) == [
        "edge-1: would deploy generation bbbb (now: aaaa); nginx accepts it",
        "  sites would be added: b.test; would be changed: a.test",
        "  streams would be removed: ldap",
        "  shared configuration would be changed",
        "  certificates would be ordered: b.test",
    ]
    fresh: dict[str, Any] = {**run, "before": {"answers": None}, "configured": {**CONFIGURED, "tested": False}}
    assert shown(fresh, check_mode=True)[0] == (
        "edge-1: would deploy generation bbbb (now: none); not tested, because nginx is not installed yet"
    )


def test_a_preview_without_changes() -> None:
    kept = {"generation": "aaaa", "tested": True, "changes": {}}
    run = {"state": "done", "before": BEFORE, "after": BEFORE, "configured": kept}
    assert shown(run, check_mode=True) == [
        "edge-1: would keep generation aaaa; generation aaaa answers, unchanged, 1/1 sites healthy"
    ]


def test_a_failure_in_check_mode_is_no_preview() -> None:
    run = {"state": "failed", "reason": "nginx rejects it", "before": BEFORE, "after": BEFORE, "configured": None}
    assert shown(run, check_mode=True) == [
        "edge-1: FAILED: nginx rejects it; generation aaaa answers, unchanged, 1/1 sites healthy"
    ]


def test_of_many_names_some_are_listed() -> None:
    changes = {"sites": {"added": [f"s{number}.test" for number in range(100, 1000)]}}
    run = {"state": "done", "before": BEFORE, "after": AFTER, "configured": {**CONFIGURED, "changes": changes}}
    assert shown(run)[1].endswith("s109.test and 890 more")


def test_a_host_that_was_not_reached() -> None:
    assert shown({}) == ["edge-1: not reached"]
    assert shown({"state": "started"})[0].startswith("edge-1: LOST: ")


def test_the_data() -> None:
    run = {"state": "done", "before": BEFORE, "after": AFTER, "configured": CONFIGURED, "certificates": []}
    found = report({"edge-1": run}, {"edge-1": ["nginx: old"]}, check_mode=False)
    assert found["warnings"] == ["edge-1: nginx: old"]
    assert found["hosts"]["edge-1"] == {
        "state": "done",
        "reason": "",
        "generation": {"before": "aaaa", "after": "bbbb", "planned": "bbbb", "tested": True},
        "changes": {"sites": CHANGES["sites"], "streams": CHANGES["streams"]},
        "shared_changed": True,
        "certificates_ordered": [],
        "certificates_until": "2027-02-20T06:53:56Z",
        "sites": WELL,
    }


@pytest.mark.case("G8")
@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"msg": "no space left"}, "no space left"),
        (
            {"msg": "One or more items failed", "results": [{"msg": "ok"}, {"failed": True, "msg": "no such unit"}]},
            "no such unit",
        ),
        (
            {"msg": "non-zero return code", "rc": 1, "stderr": "a\nsystemctl: bad unit\n"},
            "Start it: systemctl: bad unit",
        ),
        ({"msg": "MODULE FAILURE", "module_stderr": "Traceback\nOSError: full"}, "Start it: OSError: full"),
        ({"msg": "cannot clone https://ops:hunter2@git.test/"}, "cannot clone https://ops:(hidden)@git.test/"),
        ({}, "Start it failed"),
    ],
)
def test_the_reason_of_a_failure(result: dict[str, Any], reason: str) -> None:
    assert failure_reason(result, "Start it") == reason
