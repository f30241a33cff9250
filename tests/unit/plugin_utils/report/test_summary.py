# SPDX-License-Identifier: GPL-3.0-or-later
"""Many edges in one run: when it stops, what it comes to, and what is asked of each site."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import Inventory, plan
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.summary import (
    probes,
    stop_reason,
    summary,
)
from ansible_collections.hardened.nginx_edge.tests.unit.models import OPTIONS, ROOT, TARGETS, planned

MODEL: dict[str, Any] = {
    "edge_acme": {"email": "ops@example.com"},
    "edge_sites": [{"name": "a.test", "locations": [{"path": "/", "return": {"status": 204}}]}],
}
WELL = {"status": 200, "problem": ""}


def runs(*states: str, batches: tuple[tuple[int, ...], ...]) -> dict[str, dict[str, Any]]:
    """Hosts e1, e2 … in these states, in batches of these numbers; ``-`` stands for no turn yet."""
    found: dict[str, dict[str, Any]] = {}
    for number, state in enumerate(states, 1):
        batch = next(([f"e{one}" for one in batch] for batch in batches if number in batch), None)
        found[f"e{number}"] = {} if state == "-" else {"state": state, "batch": batch}
    return found


@pytest.mark.parametrize(
    ("states", "most_percent", "reason"),
    [
        (("done", "done", "done", "-", "-"), 0, ""),
        (("done", "done", "failed", "-", "-"), 0, "e3 failed in an earlier batch"),
        (("done", "started", "done", "-", "-"), 0, "e2 failed in an earlier batch"),  # lost on the way
        (("done", "failed", "failed", "-", "-"), 0, "e2, e3 failed in an earlier batch"),
        (("done", "done", "failed", "-", "-"), 49, "e3 failed in an earlier batch"),
        (("done", "done", "failed", "-", "-"), 50, ""),
        (("failed", "-", "-", "-", "-"), 99, "e1 failed in an earlier batch"),
        (("failed", "failed", "failed", "-", "-"), 100, ""),
    ],
)
def test_a_run_stops_behind_a_batch_in_which_too_many_failed(
    states: tuple[str, ...], most_percent: int, reason: str
) -> None:
    found = runs(*states, batches=((1,), (2, 3), (4, 5)))
    assert stop_reason(found, ["e4", "e5"], most_percent) == reason


def test_a_batch_does_not_stop_itself() -> None:
    found = runs("done", "failed", "started", batches=((1,), (2, 3)))
    assert stop_reason(found, ["e2", "e3"], 0) == ""


def test_a_line_for_each_host() -> None:
    before = {"answers": "aaaa", "sites": {"a.test": WELL}}
    after = {"answers": "bbbb", "sites": {"a.test": WELL}, "certificates_until": "2027-02-20T06:53:56Z"}
    down = {"answers": "aaaa", "sites": {"a.test": WELL, "b.test": {"status": 502, "problem": "answers 502"}}}
    assert summary(
        {
            "e1": {"state": "done", "before": before, "after": after},
            "e2": {"state": "done", "before": before, "after": down},
            "e3": {"state": "failed", "reason": "nginx refuses:\n  why", "before": before, "after": down},
            "e4": {"state": "failed", "reason": "cannot be reached", "before": {}, "after": {"unreachable": True}},
            "e5": {"state": "untouched", "reason": "e3 failed in an earlier batch"},
            "e6": {"state": "started"},
            "e7": {},
        }
    ) == [
        "e1: generation bbbb answers, before: aaaa, 1/1 sites healthy, certificates until 2027-02-20",
        "e2: generation aaaa answers, unchanged, 1/2 sites healthy; b.test: answers 502",
        "e3: FAILED: nginx refuses: why; generation aaaa answers, unchanged, 1/2 sites healthy; b.test: answers 502",
        "e4: FAILED: cannot be reached; the state of its sites is unknown",
        "e5: skipped: e3 failed in an earlier batch",
        "e6: LOST: unreachable, or the run ended early; the next run completes the change",
        "e7: not reached",
    ]


def test_of_many_sites_that_are_not_well_some_are_named() -> None:
    sites = {f"s{number}.test": {"status": 502, "problem": "answers 502"} for number in range(100)}
    line = summary({"e1": {"state": "done", "before": {}, "after": {"answers": "a", "sites": sites}}})[0]
    assert line.endswith("s4.test: answers 502; 95 more")


def test_what_is_asked_of_each_site() -> None:
    edge = planned(
        {
            **MODEL,
            "edge_certificates": [{"name": "a.test"}],
            "edge_sites": [
                *MODEL["edge_sites"],
                {"name": "m.test", "maintenance": {}, "certificate": "a.test", **without_locations()},
                {"name": "p.test", "https": False, "probe": {"path": "/up", "status": [204]}, **without_locations()},
            ],
        }
    ).edge
    assert [(one["name"], one["https"], one["certificate"], one["path"], one["status"]) for one in probes(edge)] == [
        ("a.test", True, "a.test", "/", []),
        ("m.test", True, "a.test", "/", [503]),
        ("p.test", False, "p.test", "/up", [204]),
    ]


def without_locations() -> dict[str, Any]:
    return {"locations": [{"path": "/", "return": {"status": 204}}]}


@pytest.mark.parametrize(("host", "source"), [("e1", "acme"), ("e2", "received")])
def test_one_orders_and_the_others_receive(host: str, source: str) -> None:
    variables = {**MODEL, "edge_acme": {"email": "ops@example.com", "issuing_edge": "e1"}}
    inventory = Inventory(host, frozenset({"e1", "e2"}))
    found = plan(OPTIONS, variables, TARGETS["trixie"], lambda _path: False, inventory=inventory)
    assert [certificate["source"] for certificate in found.certificates] == [source]


def test_who_orders_has_to_be_in_the_inventory() -> None:
    variables = {**MODEL, "edge_acme": {"email": "ops@example.com", "issuing_edge": "edge1"}}
    inventory = Inventory("edge-1", frozenset({"edge-1", "edge-2"}))
    found = plan(OPTIONS, variables, TARGETS["trixie"], lambda _path: False, inventory=inventory)
    assert list(map(str, found.problems)) == [
        "edge_acme.issuing_edge: the inventory has no host 'edge1'; did you mean 'edge-1'?"
    ]


def test_the_playbook_and_the_model_have_the_same_batches() -> None:
    """The playbook reads the variable before there is a host, and so before the model."""
    plays = yaml.safe_load((ROOT / "playbooks" / "site.yml").read_text(encoding="utf-8"))
    (play,) = [play for play in plays if "serial" in play]
    written = re.search(r"default\((\[[^]]*\])\)", play["serial"])
    assert written is not None
    assert yaml.safe_load(written[1]) == OPTIONS["edge_batches"]["default"]
