# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of rounds, and the goals that are made of them."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.tools.bench import changes, changes_large, changes_template, model
from ansible_collections.hardened.nginx_edge.tools.bench.controller_calls import Call, Calls
from ansible_collections.hardened.nginx_edge.tools.bench.controller_runs import Run
from ansible_collections.hardened.nginx_edge.tools.bench.controller_values import Values
from ansible_collections.hardened.nginx_edge.tools.bench.results import Measurement


def run(seconds: float, memory: float = 100.0) -> Run:
    return Run(seconds, seconds / 2, memory, "")


def test_ratios_are_those_of_medians() -> None:
    values = Values()
    for seconds, ping in ((9.0, 1.0), (10.0, 2.0), (50.0, 2.5)):
        values.add_run("a run", "edge", run(seconds))
        values.add_run("a run", "ping", run(ping))
    assert values.ratio("a run", "edge", "ping") == pytest.approx(5.0)
    assert values.ratio("a run", "edge", "nothing") is None
    assert values.median("another", "edge", "seconds") is None
    assert values.measurements()[0] == Measurement("a run", "edge", "seconds", (9.0, 10.0, 50.0))
    assert {one.candidate for one in values.measurements() if one.metric.endswith("MiB")} == {"edge"}


def test_calls_are_those_of_the_host() -> None:
    modules = tuple(Call(host, "m", "t", 0.5) for host in ("edge-1", "edge-1", "localhost"))
    values = Values()
    values.add_calls("a run", "edge-1", Calls(modules, {"edge-1": 3}, {str(number): number for number in range(9)}))
    assert values.median("a run", "edge", "module calls") == 2
    assert values.median("a run", "edge", "commands on the host") == 3
    assert values.median("a run", "edge", "seconds in module calls") == pytest.approx(1.0)
    assert [one.candidate for one in values.measurements() if "slowest" in one.metric] == ["8", "7", "6", "5", "4"]


def test_goals_of_changes() -> None:
    values = Values()
    values.add_run(changes.SITE_ONE, "edge", run(6.0))
    values.add_run(changes.SITE_ONE, "ping", run(1.0))
    values.add_calls(changes.SITE_MANY, "h", Calls((Call("h", "m", "t", 0.1),) * 12, {}, {}))
    found = {goal.text: (goal.ratio, goal.met) for goal in changes.goals(values)}
    assert found[f"{changes.SITE_ONE}: seconds to those of a ping"] == (6.0, False)
    assert found[f"{changes.SITE_MANY}: module calls"] == (12, True)
    assert found[f"{changes.ROLE_MANY}: seconds to those of a ping"] == (None, None)


def test_the_template_goal_compares_100_sites() -> None:
    values = Values()
    assert changes_template.goals(values)[0].met is None
    values.add_run(changes_template.subject(100), "edge", run(2.0))
    values.add_run(changes_template.subject(100), changes_template.TEMPLATE, run(98.0))
    (goal,) = changes_template.goals(values)
    assert (goal.ratio, goal.met) == (49.0, False)


@pytest.mark.parametrize(("many", "linear"), [(11.0, True), (13.1, False)])
def test_time_grows_linearly_without_an_empty_play_and_nginx(many: float, linear: bool) -> None:
    values = Values()
    for sites, seconds, nginx in ((1_000, 2.5, 0.5), (10_000, many + 10.0, 10.0)):
        subject = changes_large.first_of(sites)
        values.add_run(subject, "edge", run(seconds, 150.0))
        values.add_run(subject, "empty play", run(1.0))
        values.add(subject, changes_large.NGINX, "seconds", nginx)
    first, later, memory, _unchanged = changes_large.goals(values)
    assert (first.met, later.met, memory.met) == (linear, None, True)


def test_goals_of_the_model() -> None:
    few, many = (case for case in model.CASES if not case.https)
    found = [
        Measurement(few.subject, "edge", "seconds", (1.0,)),
        Measurement(many.subject, "edge", "seconds", (13.0,)),
        Measurement(many.subject, "edge", "peak MiB", (199.0,)),
    ]
    memory, growth = model.goals(found)
    assert (memory.ratio, memory.met) == (199.0, True)
    assert growth.ratio == pytest.approx(1.3)
    assert growth.met is False
