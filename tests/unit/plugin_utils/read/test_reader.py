# SPDX-License-Identifier: GPL-3.0-or-later
"""The model and its spec are one, and every mistake is reported with its path, its reason and the remedy."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, get_args, get_type_hints

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.model.edge import Edge
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.model.record import Record
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.reader import option_name
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.version import VERSION
from ansible_collections.hardened.nginx_edge.tests.unit.models import GOLDEN, OPTIONS, ROOT, TARGETS, errors, planned

MISTAKES = sorted((ROOT / "tests" / "mistakes").glob("*.yml"))


def record_of(hint: Any) -> type[Record] | None:
    """The record that a field holds, in a tuple, an Optional, or plain."""
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint
    return next((found for argument in get_args(hint) if (found := record_of(argument))), None)


def test_every_option_of_the_spec_has_its_field() -> None:
    def compare(record: type[Record], options: Mapping[str, Any], where: str) -> None:
        hints = get_type_hints(record, include_extras=True)
        fields = {
            option_name(field.name, hints[field.name]): hints[field.name]
            for field in dataclasses.fields(record)
            if field.name != "place"
        }
        assert set(fields) == {name.removeprefix("edge_") for name in options}, where
        for name, option in options.items():
            if option.get("options"):
                inner = record_of(fields[name.removeprefix("edge_")])
                assert inner is not None, f"{where}.{name}"
                compare(inner, option["options"], f"{where}.{name}")

    compare(Edge, OPTIONS, "")


def test_the_readme_of_the_role_lists_every_variable_with_its_default() -> None:
    readme = (ROOT / "roles" / "edge" / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(edge_\w+)` \|.*\| (.+) \|$", readme, re.MULTILINE))
    assert set(rows) == set(OPTIONS)
    for name, option in OPTIONS.items():
        default = option.get("default")
        if default in ([], "", None):
            assert rows[name] == "none"
        elif not isinstance(default, (list, dict)):
            assert rows[name] == f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_the_defaults_alone_are_a_sound_model() -> None:
    assert errors({}) == []


def test_the_version_is_that_of_the_collection() -> None:
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"] == VERSION


@pytest.mark.parametrize("path", MISTAKES, ids=[path.stem for path in MISTAKES])
def test_mistake_is_told(path: Any) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert errors(case["model"], TARGETS[case.get("target", "trixie")]) == case["errors"]


def test_mistakes_are_there() -> None:
    assert len(MISTAKES) >= 20


def test_what_is_not_wrong_is_not_told() -> None:
    """A typo in one record makes no errors elsewhere."""
    model = yaml.safe_load((GOLDEN / "api" / "model.yml").read_text(encoding="utf-8"))
    model["edge_upstreams"][0]["servers"][0]["weight"] = "three"
    assert errors(model) == ["edge_upstreams[0] (node_api).servers[0].weight: expected an integer, got 'three'"]


@pytest.mark.parametrize(("given", "read"), [("3", 3), (" 3 ", 3), (3, 3)])
def test_a_number_may_be_a_text(given: Any, read: int) -> None:
    """``-e edge_http_port=8080`` is a text, and so is the value of an expression before ansible-core 2.19."""
    assert planned({"edge_worker_connections": given}).edge.worker_connections == read


@pytest.mark.parametrize(
    ("given", "read"), [("true", True), ("False", False), ("yes", True), ("off", False), (True, True)]
)
def test_a_boolean_may_be_a_text(given: Any, read: bool) -> None:
    assert planned({"edge_allow_restart": given}).edge.allow_restart is read


@pytest.mark.parametrize("given", ["3.5", "3m", "", "0x10", "٣", "9" * 19, True])
def test_other_texts_are_no_numbers(given: Any) -> None:
    (error,) = errors({"edge_worker_connections": given})
    assert error.startswith("edge_worker_connections: expected an integer, got ")


@pytest.mark.parametrize("name", ["edge_hosts", "edge_warnings", "edge_print_warnings", "edge_backup_time"])
def test_other_variables_with_the_prefix_are_no_mistake(name: str) -> None:
    assert errors({name: "anything"}) == []


def test_certificates_are_planned_from_the_sites() -> None:
    site = {"name": "a.test", "aliases": ["b.test"], "locations": [{"path": "/", "return": {"status": 204}}]}
    model = {"edge_sites": [site], "edge_acme": {"email": "ops@a.test"}}
    (certificate,) = planned(model).certificates
    assert (certificate["name"], certificate["source"], certificate["names"]) == (
        "a.test",
        "acme",
        ["a.test", "b.test"],
    )
    names = [certificate["name"] for certificate in planned(model, TARGETS["bullseye"]).certificates]
    assert names == ["a.test", "unknown-names"]


def test_warnings_tell_and_do_not_stop() -> None:
    model = {"edge_upstreams": [{"name": "one", "servers": [{"address": "backend.test:80", "max_fails": 3}]}]}
    plan = planned(model)
    assert plan.problems == ()
    assert [warning.path for warning in plan.warnings] == [
        "edge_upstreams[0] (one).servers[0].max_fails",
        "edge_upstreams[0] (one).servers[0].address",
    ]


@pytest.mark.case("F6")
@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("proxy_ignore_headers", "write the directive in extra_directives"),
        ("fastcgi_pass", "write php, or upstream and protocol: fastcgi"),
        ("scgi_read_timeout", "write proxy_read_timeout, which applies to each protocol"),
        ("uwsgi_cache_valid", "write cache, and edge_caches"),
        ("proxy_pass", "write upstream"),
        ("proxy_set_header", "write request_headers: {NAME: value}"),
        ("limit_req", "write rate_limits, and edge_rate_limits"),
        ("rewrite", "write redirects in the site, or return"),
    ],
)
def test_a_directive_of_nginx_as_a_key(key: str, remedy: str) -> None:
    location = {"path": "/", "return": {"status": 204}, key: "x"}
    (error,) = errors({"edge_sites": [{"name": "a.test", "https": False, "locations": [location]}]})
    place = f"edge_sites[0] (a.test).locations[0].{key}"
    assert error == f"{place}: is a directive of nginx, not an option here; {remedy}"


@pytest.mark.case("F7")
def test_a_wrong_item_makes_no_second_error() -> None:
    location = {"path": "/", "root": "/srv/www", "try_files": ["$uri", "@app"]}
    (error,) = errors({"edge_sites": [{"name": "a.test", "https": False, "locations": [location]}]})
    assert error.startswith("edge_sites[0] (a.test).locations[0].try_files[1]: invalid value '@app'")


@pytest.mark.case("F11")
def test_control_characters_are_printed_escaped() -> None:
    (error,) = errors({"edge_tls_policy": "modern\nok: [edge-1]\x1b[0m"})
    assert "\n" not in error
    assert "modern\\nok: [edge-1]\\x1b[0m" in error


def test_options_of_sites_are_no_variables() -> None:
    assert errors({"edge_client_max_body_size": "100m"}) == [
        "edge_client_max_body_size: is not a variable of the edge; client_max_body_size is an option of edge_sites"
    ]
    assert errors({"edge_strip_prefix": True})[0].endswith("strip_prefix is an option of edge_sites.locations")


def test_a_list_without_a_value_is_an_error() -> None:
    assert errors({"edge_sites": None}) == [
        "edge_sites: has no value; write a list, [] for an empty one, or remove the key"
    ]
