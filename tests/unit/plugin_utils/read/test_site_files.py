# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites one per file: read in order, merged with the inventory's, and each error names its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import plan
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.site_files import read_site_files
from ansible_collections.hardened.nginx_edge.tests.unit.models import OPTIONS, TARGETS

SITE = "name: {name}\nlocations:\n  - {{path: /, return: {{status: 204}}}}\n"
INVENTORY = {
    "edge_certificate_source": "self_signed",
    "edge_sites": [{"name": "a.test", "locations": [{"path": "/", "return": {"status": 204}}]}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sites.d"
    made.mkdir()
    return made


def never(path: Path) -> Any:
    raise AssertionError(f"{path} is plain YAML")


def errors(folder: Path) -> list[str]:
    files, unreadable = read_site_files(folder, never)
    planned = plan(OPTIONS, INVENTORY, TARGETS["trixie"], lambda _path: False, files)
    return [str(problem) for problem in (*unreadable, *planned.problems)]


def test_sites_of_both_sources_are_merged(folder: Path) -> None:
    for name in ("c.test", "b.test"):
        (folder / f"{name}.yml").write_text(SITE.format(name=name), encoding="utf-8")
    (folder / "README.md").write_text("no site", encoding="utf-8")
    files, unreadable = read_site_files(folder, never)
    planned = plan(OPTIONS, INVENTORY, TARGETS["trixie"], lambda _path: False, files)
    assert (unreadable, planned.problems) == ([], ())
    assert [site.name for site in planned.edge.sites] == ["a.test", "b.test", "c.test"]
    assert [certificate["name"] for certificate in planned.certificates] == ["a.test", "b.test", "c.test"]


def test_a_missing_folder_holds_no_sites(tmp_path: Path) -> None:
    assert read_site_files(tmp_path / "nowhere", never) == ([], [])


def test_errors_name_the_file(folder: Path) -> None:
    (folder / "b.yml").write_text("name: b.test\nlocations:\n  - {path: /, upstrem: app}\n", encoding="utf-8")
    (folder / "c.yml").write_text("- name: c.test\n", encoding="utf-8")
    (folder / "d.yml").write_text("name: [\n", encoding="utf-8")
    (folder / "e.yml").write_text("just words\n", encoding="utf-8")
    found = errors(folder)
    assert found[0] == "sites.d/c.yml: holds a list; a file contains one site: a mapping that begins with name:"
    assert found[1].startswith("sites.d/d.yml: cannot be read: while parsing a flow node")
    assert found[2:] == [
        "sites.d/b.yml: locations[0].upstrem: unknown key; did you mean 'upstream'?",
        "sites.d/e.yml: expected a mapping, got a string",
    ]


def test_a_name_in_both_sources_is_an_error(folder: Path) -> None:
    (folder / "a.yml").write_text(SITE.format(name="a.test"), encoding="utf-8")
    assert errors(folder) == [
        "sites.d/a.yml: name: 'a.test' is already taken by edge_sites[0].name; give it another name"
    ]


@pytest.mark.parametrize("text", ["name: '{{ name }}'\n", "name: !vault x\n"])
def test_expressions_and_vaulted_values_are_left_to_ansible(folder: Path, text: str) -> None:
    (folder / "b.yml").write_text(text, encoding="utf-8")
    files, problems = read_site_files(folder, lambda path: {"name": path.stem})
    assert ([file.content for file in files], problems) == ([{"name": "b"}], [])
