# SPDX-License-Identifier: GPL-3.0-or-later
"""Every YAML block of the documentation is valid YAML, and every model in it is a sound model.

A block that sets variables of the model is checked as a host would read it: over the base of the cookbook (an account
at an authority, and the upstream ``app``) with the site ``www.example.com``, together with the blocks before it on the
page. A block for ``sites.d`` is a site. ``yaml wrong`` marks a model with errors; the output that follows shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import Inventory, plan
from ansible_collections.hardened.nginx_edge.tests.unit.docs.test_links import pages
from ansible_collections.hardened.nginx_edge.tests.unit.models import OPTIONS, ROOT, TARGETS
from ansible_collections.hardened.nginx_edge.tools.cookbook import BASE, MODEL
from ansible_collections.hardened.nginx_edge.tools.markdown import Block, blocks
from ansible_collections.hardened.nginx_edge.tools.tutorial import OUTPUT, Command

WITH_TESTS_OF_THEIR_OWN = {"docs/how-to/cookbook.md", "docs/reference/errors.md"}
"""Pages that are generated from tested models."""
ROLES = tuple(path.parent.parent.name for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")))
SITE = {"name": "www.example.com", "locations": [{"path": "/", "upstream": "app"}]}
WRONG = "wrong"
EXPRESSION = re.compile(r"{{[^{}]*}}")
OF_THE_VAULT = "c2VjcmV0"
"""The value used for an expression in an example: a secret, which is also valid base64."""


@dataclass(frozen=True)
class Example:
    """A YAML block of a page, and the model that a host would read."""

    page: str
    block: Block
    model: Mapping[str, Any]
    output: str

    def __str__(self) -> str:
        return f"{self.page}:{self.block.line}"


def variables(block: Block) -> dict[str, Any]:
    """The variables that a block sets."""
    content = yaml.safe_load(EXPRESSION.sub(OF_THE_VAULT, block.content))
    if "/sites.d/" in block.path:
        return {"edge_sites": [content]}
    if isinstance(content, list):
        return {name: value for play in content for name, value in play.get("vars", {}).items()}
    return dict(content)


def examples(page: str) -> Iterator[Example]:
    """The models of a page."""
    known: dict[str, Any] = {**yaml.safe_load(BASE.read_text(encoding="utf-8")), "edge_sites": [SITE]}
    found = list(blocks((ROOT / page).read_text(encoding="utf-8")))
    for number, block in enumerate(found):
        if block.language not in ("yaml", "yml"):
            continue
        own = {name: value for name, value in variables(block).items() if name.startswith(MODEL)}
        if own:
            after = [one for one in found[number + 1 :] if (one.language, one.words) == OUTPUT]
            yield Example(page, block, {**known, **own}, after[0].content if after else "")
            known |= {} if WRONG in block.words else own


PAGES = [page for page in pages() if page not in WITH_TESTS_OF_THEIR_OWN]
EXAMPLES = [example for page in PAGES for example in examples(page)]


def problems(model: Mapping[str, Any]) -> list[str]:
    """The errors of a model. Files below ``files`` exist on the controller, and the inventory has three edges."""
    inventory = Inventory("edge-1", frozenset({"edge-1", "edge-2", "edge-3"}))
    found = plan(OPTIONS, model, TARGETS["trixie"], lambda path: path.startswith("files/"), inventory=inventory)
    return [str(problem) for problem in found.problems]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_model_has_the_errors_that_the_page_shows(example: Example) -> None:
    found = problems(example.model)
    if WRONG not in example.block.words:
        assert found == []
    else:
        assert found != []
        assert Command(0, "", ".", "", output=example.output).matches("\n".join(found)), (example.output, found)


@pytest.mark.parametrize("page", PAGES)
def test_variables_of_roles_are_options(page: str) -> None:
    known = set(OPTIONS)
    for role in ROLES:
        specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        known |= {name for entry in specs["argument_specs"].values() for name in entry.get("options", {})}
    prefixes = tuple(f"{role}_" for role in ROLES)
    set_by_page = {
        name
        for block in blocks((ROOT / page).read_text(encoding="utf-8"))
        if block.language in ("yaml", "yml") and WRONG not in block.words
        for name in variables(block)
    }
    assert {name for name in set_by_page if name.startswith(prefixes)} - known == set()


def test_the_documentation_has_models() -> None:
    shown = {example.page for example in EXAMPLES}
    assert {"README.md", "docs/tutorial/first-edge.md", "roles/edge/README.md"} <= shown
    assert len(EXAMPLES) >= 15


def test_a_wrong_model_is_found() -> None:
    (wrong,) = (example for example in EXAMPLES if WRONG in example.block.words)
    assert problems(wrong.model) != []
    assert not Command(0, "", ".", "", output=wrong.output).matches("edge_sites: another error")
