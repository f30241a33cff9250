# SPDX-License-Identifier: GPL-3.0-or-later
"""The compared configurations, and the changes of the rendered one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ansible_collections.hardened.nginx_edge.tools.bench import traffic, traffic_costs
from ansible_collections.hardened.nginx_edge.tools.bench.results import Measurement, Section
from ansible_collections.hardened.nginx_edge.tools.bench.traffic_agent import PROGRAMS
from ansible_collections.hardened.nginx_edge.tools.bench.traffic_candidates import (
    CADDY,
    EDGE,
    HAPROXY,
    TEXTBOOK,
    candidates,
    generation,
    rendered_now,
    without_log,
)
from ansible_collections.hardened.nginx_edge.tools.bench.traffic_costs import (
    CHANGES,
    Change,
    NothingToChangeError,
    changed,
)

QUICK = (EDGE, TEXTBOOK, HAPROXY, CADDY)


def test_every_change_alters_the_rendered_text_or_is_the_default() -> None:
    asked, left_out = traffic_costs.question(False, rendered_now())
    assert [line for line in left_out if not line.endswith(": this is the default.")] == []
    assert len(asked.candidates) - 1 + len(left_out) == len(CHANGES)
    texts = {name: generation_of(asked.files, one["command"][2]) for name, one in asked.candidates.items()}
    same = [name for name, text in texts.items() if text == texts[EDGE] and name != EDGE]
    assert same == [change.name for change in CHANGES if change.beside]


def generation_of(files: Mapping[str, str], main: str) -> dict[str, str]:
    """The texts of a generation by their relative paths, without its name."""
    folder = main.removesuffix("/nginx.conf")
    name = folder.rpartition("/")[2]
    return {
        path: text.replace(f"generations/{name}", "generations/golden")
        for path, text in ((path.removeprefix(folder), text) for path, text in files.items() if path.startswith(folder))
    }


def test_a_change_without_a_match_is_reported() -> None:
    with pytest.raises(NothingToChangeError, match=r"x: the rendered configuration has no match of b"):
        changed({"nginx.conf": "a"}, Change("x", "b", "c"))
    with pytest.raises(NothingToChangeError, match="no match"):
        changed({"nginx.conf": "b", "other.conf": "a"}, Change("x", "b", "c", file="other.conf"))


def test_a_change_is_made_in_its_file() -> None:
    assert changed({"a": "x 1;", "b": "x 1;"}, Change("y", r"x \d", "x 2", file="b")) == {"a": "x 1;", "b": "x 2;"}


def test_the_quick_form_measures_some_changes() -> None:
    asked, left_out = traffic_costs.question(True, rendered_now())
    assert left_out == []
    assert EDGE in asked.candidates
    assert {name for load in asked.loads.values() for name in load.candidates} == set(asked.candidates)
    assert all(load.candidates[0] == EDGE for load in asked.loads.values())


def test_a_generation_has_separate_files() -> None:
    command, files = generation(
        "change7", {"nginx.conf": "include /etc/nginx/generations/golden/a.conf;", "a.conf": ""}
    )
    assert command == ["nginx", "-c", "/etc/nginx/generations/change7/nginx.conf", "-g", "daemon off;"]
    assert files["/etc/nginx/generations/change7/nginx.conf"] == "include /etc/nginx/generations/change7/a.conf;"


def test_the_quick_form_has_the_baselines_of_all_goals() -> None:
    found, files = candidates(every=False)
    assert tuple(found) == QUICK
    assert {name for _load, name, _least in traffic.LIMITS} <= set(found)
    mains = [next(word for word in one["command"] if word.startswith("/etc/")) for one in found.values()]
    assert set(mains) <= set(files)


def test_haproxy_without_a_log_differs_in_the_log_only() -> None:
    text = (PROGRAMS / "haproxy.cfg").read_text(encoding="utf-8")
    gone = set(text.splitlines()) - set(without_log(text).splitlines())
    assert {line.strip() for line in gone} == {"log /dev/log local0", "log global", "option httplog"}
    with pytest.raises(ValueError, match="log"):
        without_log("global\n")


def test_goals_compare_medians() -> None:
    rates = {EDGE: 2500.0, TEXTBOOK: 1000.0, HAPROXY: 2600.0}
    section = Section(
        "Traffic",
        (
            *(Measurement(traffic.FEW, name, "requests/s", (rate,)) for name, rate in rates.items()),
            Measurement(traffic.FEW, EDGE, "p99 ms", (5.0,)),
            Measurement(traffic.FEW, HAPROXY, "p99 ms", (4.0,)),
        ),
    )
    goals = {goal.text: (goal.ratio, goal.met) for goal in traffic.goals(section)}
    assert goals[f"requests/s of the edge to those of {TEXTBOOK}: {traffic.FEW}"] == (2.5, True)
    assert goals[f"requests/s of the edge to those of {HAPROXY}: {traffic.FEW}"] == (
        2500.0 / 2600.0,
        False,
    )
    assert goals[f"requests/s of the edge to those of {CADDY}: {traffic.FEW}"] == (None, None)
    assert goals[f"p99 of the edge to that of HAProxy: {traffic.FEW}"] == (1.25, False)
    missed = traffic.to_profile(section, traffic.loads(False, QUICK))
    assert {load: one.candidates for load, one in missed.items()} == {traffic.FEW: (EDGE, HAPROXY)}
