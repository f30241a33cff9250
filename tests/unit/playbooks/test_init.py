# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of ``hardened.nginx_edge.init``, as they are and without comment signs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.package import DISTRIBUTION
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import plan
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.reader import PREFIX
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.releases import RELEASES, target_of
from ansible_collections.hardened.nginx_edge.tests.unit.models import OPTIONS, ROOT, TARGETS, errors

OPS = ROOT / "playbooks" / "files" / "ops"
INVENTORIES = ("prod", "staging")
EXAMPLE_LINE = re.compile(r"^( *)# ((?:[a-z_]+:|  ).*)$", re.MULTILINE)
"""A line of an example: a key in lower case, or what is indented below one. Sentences begin with a capital letter."""


def without_comment_signs(text: str) -> str:
    return EXAMPLE_LINE.sub(r"\1\2", text)


def load(text: str) -> Mapping[str, Any]:
    return yaml.safe_load(text) or {}


def variables(inventory: str, *, examples: bool) -> dict[str, Any]:
    """The variables of the group ``edge``, with or without the examples."""
    found: dict[str, Any] = {}
    for path in sorted((OPS / inventory / "group_vars" / "edge").glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        found |= load(without_comment_signs(text) if examples else text)
    return found


def of_the_model(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name.startswith(PREFIX)}


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_as_it_is_the_scaffold_sets_nothing(inventory: str) -> None:
    assert variables(inventory, examples=False) == {}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("inventory", INVENTORIES)
def test_the_example_is_a_sound_model(inventory: str, release: str) -> None:
    """With every comment sign off; the files of its provided certificate are taken to be there."""
    model = of_the_model(variables(inventory, examples=True))
    planned = plan(OPTIONS, model, target_of(release, DISTRIBUTION), lambda path: path.startswith("files/"))
    assert [str(problem) for problem in (*planned.problems, *planned.warnings)] == []
    assert [site.name for site in planned.edge.sites] == [model["edge_sites"][0]["name"]]
    assert planned.certificates[0]["source"] == "provided"


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_the_first_steps_give_a_site_with_a_certificate_from_the_authority(inventory: str) -> None:
    """As the scaffold's README says: the account and the sites, and nothing of the optional blocks."""
    examples = variables(inventory, examples=True)
    first_steps = ("edge_acme", "edge_upstreams", "edge_rate_limits", "edge_caches", "edge_sites")
    model = {name: examples[name] for name in first_steps}
    assert errors(model) == []
    (certificate,) = plan(OPTIONS, model, TARGETS["trixie"], lambda _path: False).certificates
    assert (certificate["source"], certificate["name"]) == ("acme", model["edge_sites"][0]["name"])
    assert certificate["names"] == [model["edge_sites"][0]["name"], *model["edge_sites"][0]["aliases"]]


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_the_settings_of_the_hosts_are_the_defaults_of_the_roles(inventory: str) -> None:
    text = (OPS / inventory / "group_vars" / "edge" / "main.yml").read_text(encoding="utf-8")
    settings = load(without_comment_signs(text))
    assert settings
    for name, value in settings.items():
        if name in OPTIONS:
            assert OPTIONS[name]["default"] == value, name
            continue
        defaults = load((ROOT / "roles" / name.partition("_")[0] / "defaults" / "main.yml").read_text(encoding="utf-8"))
        assert defaults[name] == value, name


def test_both_inventories_have_the_same_shape() -> None:
    prod, staging = (variables(inventory, examples=True) for inventory in INVENTORIES)
    assert prod.keys() == staging.keys()


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_the_example_hosts_are_in_the_group_edge(inventory: str) -> None:
    text = (OPS / inventory / "hosts.yml").read_text(encoding="utf-8")
    assert load(text) == {"edge": None}
    group = load(without_comment_signs(text))["edge"]
    assert list(group["hosts"].values()) == [None, None]
    assert group["vars"] == {"ansible_user": "ops"}


@pytest.mark.parametrize("playbook", ["site.yml", "rollback.yml"])
def test_the_playbooks_are_those_of_the_collection(playbook: str) -> None:
    (play,) = yaml.safe_load((OPS / playbook).read_text(encoding="utf-8"))
    assert play["ansible.builtin.import_playbook"] == f"hardened.nginx_edge.{playbook.removesuffix('.yml')}"
    assert (ROOT / "playbooks" / playbook).is_file()
