# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every source is registered, is a choice of the options, and knows its own options only."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.sources import registry
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.sources.registry import (
    SOURCES,
    source_of,
    without_effect,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted, options_of
from ansible_collections.hardened.nginx_edge.tests.unit.decided import run
from ansible_collections.hardened.nginx_edge.tests.unit.models import OPTIONS

OPTIONS_OF_WANTED = options_of(Wanted)


def test_every_module_is_registered() -> None:
    modules = {path.stem for path in Path(registry.__file__).parent.glob("*.py")}
    assert set(SOURCES) == modules - {"__init__", "registry", "source"}


def test_the_options_have_every_source_as_a_choice() -> None:
    assert list(OPTIONS_OF_WANTED["source"][0].choices) == sorted(SOURCES)
    of_the_model = OPTIONS["edge_certificates"]["options"]["source"]["choices"]
    assert of_the_model == sorted(name for name, source in SOURCES.items() if source.selectable)


def test_the_source_of_all_certificates_requires_no_option_of_one() -> None:
    expected = sorted(name for name, source in SOURCES.items() if source.selectable and not source.required)
    assert OPTIONS["edge_certificate_source"]["choices"] == expected


def test_sources_name_options_and_sources_that_exist() -> None:
    for source in SOURCES.values():
        assert set(source.required) <= set(source.options) <= set(OPTIONS_OF_WANTED)
        assert source.on_other_edges is None or source.on_other_edges in SOURCES


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("acme", {"fullchain": "provided", "privkey": "provided"}),
        ("provided", dict.fromkeys(("challenge", "dns", "profile", "preferred_chain"), "acme")),
        (
            "self_signed",
            {
                "fullchain": "provided",
                "privkey": "provided",
                **dict.fromkeys(("challenge", "dns", "profile", "preferred_chain"), "acme"),
            },
        ),
    ],
)
def test_options_of_other_sources_have_no_effect(name: str, expected: dict[str, str]) -> None:
    assert list(without_effect(name).items()) == list(expected.items())


def test_an_unknown_source_has_no_properties(folders: Folders) -> None:
    unknown = source_of(None)
    assert (unknown.ordered, unknown.from_files, dict(unknown.required), unknown.on_other_edges) == (
        False,
        False,
        {},
        None,
    )
    with pytest.raises(EdgeError, match="certificate a: has the unknown source 'thin air'"):
        run(folders, Wanted("a", ("a",), "thin air"))
