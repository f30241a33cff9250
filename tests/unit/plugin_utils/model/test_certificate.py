# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a certificate in the model are those of the modules, but for the differences that are listed here."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.spec import certificates_argument
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.model.certificate import (
    Certificate,
    DnsChallenge,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.model.record import Record
from ansible_collections.hardened.nginx_edge.tests.unit.models import OPTIONS

SPEC: Mapping[str, Any] = OPTIONS["edge_certificates"]["options"]
COMPARED = ("type", "elements", "choices", "default", "required")
SET_BY_THE_PLAN = {"path", "fullchain_content", "privkey_content", "dns.credentials_content"}
ONLY_IN_THE_MODEL = {"dns.credentials"}
DIFFERENT: Mapping[str, Mapping[str, Any]] = {
    # The issuing edge is named once for all certificates (edge_acme.issuing_edge).
    "source": {"choices": ["acme", "provided", "self_signed"]},
    # The default is the names of the sites.
    "names": {"required": None, "default": []},
}
"""What an option of the model has instead."""


def flat(options: Mapping[str, Any], prefix: str = "") -> dict[str, dict[str, Any]]:
    """Path -> what is compared of each option, suboptions included."""
    found: dict[str, dict[str, Any]] = {}
    for name, option in options.items():
        found[prefix + name] = {part: option.get(part) for part in COMPARED}
        found |= flat(option.get("options") or {}, f"{prefix}{name}.")
    return found


def differences(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Path -> what the model has, and what was expected, for each option that is not as expected."""
    model, expected = flat(spec), flat(certificates_argument()["options"])
    for path in SET_BY_THE_PLAN:
        del expected[path]
    for path, parts in DIFFERENT.items():
        expected[path] |= parts
    paths = (set(model) | set(expected)) - ONLY_IN_THE_MODEL
    return {path: (model.get(path), expected.get(path)) for path in paths if model.get(path) != expected.get(path)}


def test_the_model_has_the_options_of_the_modules() -> None:
    assert differences(SPEC) == {}


@pytest.mark.parametrize(
    ("path", "part", "value"),
    [
        ("source", "choices", ["acme", "provided", "received", "self_signed"]),
        ("key_type", "default", "rsa"),
        ("key_size", "choices", [2048, 4096]),
        ("names", "elements", "int"),
        ("profile", "type", "dict"),
        ("dns.propagation_seconds", "type", "str"),
        ("dns.provider", "required", False),
    ],
)
def test_a_difference_is_found(path: str, part: str, value: Any) -> None:
    spec = copy.deepcopy(dict(SPEC))
    name, _dot, inner = path.partition(".")
    option = spec[name]["options"][inner] if inner else spec[name]
    option[part] = value
    assert list(differences(spec)) == [path]


def test_an_option_in_one_place_only_is_found() -> None:
    spec = copy.deepcopy(dict(SPEC))
    spec["another"] = {"type": "str"}
    del spec["profile"]
    assert set(differences(spec)) == {"another", "profile"}


@pytest.mark.parametrize(("record", "options"), [(Certificate, SPEC), (DnsChallenge, SPEC["dns"]["options"])])
def test_the_records_have_the_types_of_the_options(record: Any, options: Mapping[str, Any]) -> None:
    hints = {name: hint for name, hint in get_type_hints(record).items() if name != "place"}
    assert {name: kind_of(hint) for name, hint in hints.items()} == {
        name: option["type"] for name, option in options.items()
    }


def kind_of(hint: Any) -> str:
    """Ansible's name of the type of a field, which may be optional."""
    held = next((one for one in get_args(hint) if get_origin(hint) not in (dict, tuple)), hint)
    origin = get_origin(held) or held
    if isinstance(origin, type) and issubclass(origin, Record):
        return "dict"
    return {str: "str", int: "int", tuple: "list", dict: "dict"}[origin]
