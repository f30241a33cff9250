# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw directives that would undo a guarantee are refused before anything changes, with the option to use."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.molecule.guarantees.tests.edges import SUITES, Edge
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import MODEL_ALONE, Run, run_site

DIRECTIVES = {
    "B1": ("proxy_set_header X-Api-Gateway edge-1;", "request_headers"),
    "B2": ("add_header Access-Control-Allow-Origin https://app.example.com always;", "response_headers"),
    "B3": ("proxy_hide_header X-Foo;", "response_headers: {remove: [NAME]}"),
    "B4": ("include fastcgi_params;", "/etc/nginx/fastcgi_params"),
}
GENERATION = ("readlink", "/etc/nginx/nginx.conf")


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with all of them."""
    locations = [
        {"path": f"/{case.lower()}/", "upstream": "app", "extra_directives": directive}
        for case, (directive, _remedy) in DIRECTIVES.items()
    ]
    site = {"name": "{{ server_name }}", "locations": locations}
    folder = tmp_path_factory.mktemp("controller")
    return run_site(*MODEL_ALONE, variables={"edge_sites": [site], "edge_streams": []}, folder=folder)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param("B1", marks=pytest.mark.case("B1")),
        pytest.param("B2", marks=pytest.mark.case("B2")),
        pytest.param("B3", marks=pytest.mark.case("B3")),
        pytest.param("B4", marks=pytest.mark.case("B4")),
    ],
)
def test_a_raw_directive_is_refused(refused: Run, suite: str, case: str) -> None:
    directive, remedy = DIRECTIVES[case]
    message = refused.failures[f"guarantee-{suite}"]
    number = [*DIRECTIVES].index(case)
    lines = [line for line in message.splitlines() if f"locations[{number}].extra_directives" in line]
    assert len(lines) == 1, message
    assert directive.split()[0] in lines[0]
    assert remedy in lines[0]


@pytest.mark.parametrize("suite", SUITES)
def test_a_refused_run_changes_nothing(refused: Run, suite: str) -> None:
    assert refused.code != 0
    assert refused.changed[f"guarantee-{suite}"] == 0, refused
    assert "generations/" in Edge(suite).host.run(*GENERATION)
