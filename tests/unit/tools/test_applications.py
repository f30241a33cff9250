# SPDX-License-Identifier: GPL-3.0-or-later
"""Each recipe for an application is sound on every system, without raw directives, and has its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import OPTIONS, TARGETS, planned, rendered
from ansible_collections.hardened.nginx_edge.tools.applications import PAGES, REQUESTS, Application, applications, pages
from ansible_collections.hardened.nginx_edge.tools.cookbook import SHOWN_FOR
from ansible_collections.hardened.nginx_edge.tools.nginx_text import statements

APPLICATIONS = applications()
TESTS = Path(__file__).resolve().parents[2]
RAW = re.compile(r"(?:edge_(?:stream_)?)?extra_directives")


def name(application: Application) -> str:
    return application.path.stem


def keys(value: Any) -> Iterator[str]:
    """All keys in a model."""
    if isinstance(value, dict):
        yield from value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(one)


def test_the_pages_are_up_to_date() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    assert found == pages(), "run: make reference"


@pytest.mark.parametrize("application", APPLICATIONS, ids=name)
def test_a_recipe_is_sound_on_every_system(application: Application) -> None:
    for target in TARGETS.values():
        plan = planned(application.model, target)
        assert [str(problem) for problem in (*plan.problems, *plan.warnings)] == []


@pytest.mark.parametrize("application", APPLICATIONS, ids=name)
def test_a_recipe_has_no_raw_directives(application: Application) -> None:
    assert [key for key in keys(application.own_variables) if RAW.fullmatch(key)] == []


@pytest.mark.parametrize("application", APPLICATIONS, ids=name)
def test_a_recipe_uses_variables_of_the_model(application: Application) -> None:
    assert set(application.own_variables) <= set(OPTIONS)


@pytest.mark.parametrize("application", APPLICATIONS, ids=name)
def test_a_recipe_names_no_directive_in_vain(application: Application) -> None:
    found = [one for text in rendered(application.model, TARGETS[SHOWN_FOR]).values() for one in statements(text)]
    assert [word for word in application.shows if not any(application.matters(one, [word]) for one in found)] == []


@pytest.mark.parametrize("application", APPLICATIONS, ids=name)
def test_a_recipe_describes_the_application_and_the_differences(application: Application) -> None:
    headings = re.findall(r"^## (.+)$", application.words, re.MULTILINE)
    assert [re.sub(" of .+", "", one) for one in headings] == ["Settings", "Differences from its documentation"]
    assert application.summary
    assert re.search(r"\]\(https://", application.words), "no link to the documentation of the application"


def test_raw_directives_are_found() -> None:
    model = {"edge_sites": [{"locations": [{"extra_directives": "x;"}]}], "edge_extra_directives": "y;"}
    assert [key for key in keys(model) if RAW.fullmatch(key)] == ["edge_extra_directives", "extra_directives"]


@pytest.mark.parametrize("application", APPLICATIONS, ids=name)
def test_a_recipe_has_requests_for_all_its_sites_and_upstreams(application: Application) -> None:
    requests = application.requests
    steps = [step for row in requests.rows for step in row.steps]
    sites = {name for site in application.model["edge_sites"] for name in (site["name"], *site.get("aliases", []))}
    assert {step.host for step in steps} == sites
    upstreams = {one["name"] for one in application.own_variables.get("edge_upstreams", [])}
    seen = {step.expect.backend.upstream for step in steps if step.expect.backend} - {None}
    assert seen <= upstreams
    assert len(upstreams) == 1 or seen == upstreams, "rows must name the upstreams that requests reach"
    assert {answer["upstream"] for answer in requests.answers} <= upstreams


def test_every_file_of_requests_has_a_recipe() -> None:
    assert {path.name for path in REQUESTS.glob("*.yml")} == {one.path.name for one in APPLICATIONS}


def test_a_quick_run_has_eight_recipes() -> None:
    assert len([one for one in APPLICATIONS if one.requests.quick]) == 8


def test_sessions_with_real_applications_are_described() -> None:
    files = {path.name for path in (TESTS / "containers/real/sessions").glob("*_session.py")}
    assert files == {f"{one.path.stem.replace('-', '_')}_session.py" for one in APPLICATIONS if one.requests.session}
