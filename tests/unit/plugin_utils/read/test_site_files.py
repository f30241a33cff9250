# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites one per file: read in order, merged with the inventory's, and each error names its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import plan
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.origins import Origins
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.site_files import (
    SiteFiles,
    read_site_files,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.errors import located
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
    """The errors with file and line, relative to the folder of the inventory."""
    found = read_site_files(folder, never)
    planned = plan(OPTIONS, INVENTORY, TARGETS["trixie"], lambda _path: False, found.sites)
    locate = Origins({}, lambda _value: None, planned.files, folder)
    shown = [located(problem, locate) for problem in (*found.problems, *planned.problems)]
    return [text.removeprefix(f"{folder.parent}/") for text in shown]


def test_sites_of_both_sources_are_merged(folder: Path) -> None:
    for name in ("c.test", "b.test"):
        (folder / f"{name}.yml").write_text(SITE.format(name=name), encoding="utf-8")
    (folder / "README.md").write_text("no site", encoding="utf-8")
    found = read_site_files(folder, never)
    planned = plan(OPTIONS, INVENTORY, TARGETS["trixie"], lambda _path: False, found.sites)
    assert (found.problems, found.warnings, planned.problems) == ([], [], ())
    assert [site.name for site in planned.edge.sites] == ["a.test", "b.test", "c.test"]
    assert [certificate["name"] for certificate in planned.certificates] == ["a.test", "b.test", "c.test"]


def test_a_missing_folder_holds_no_sites(tmp_path: Path) -> None:
    assert read_site_files(tmp_path / "nowhere", never) == SiteFiles([], [], [])


@pytest.mark.case("F4")
def test_errors_name_the_file(folder: Path) -> None:
    (folder / "b.yml").write_text("name: b.test\nlocations:\n  - {path: /, upstrem: app}\n", encoding="utf-8")
    (folder / "c.yml").write_text("- name: c.test\n", encoding="utf-8")
    (folder / "d.yml").write_text("name: [\n", encoding="utf-8")
    (folder / "e.yml").write_text("just words\n", encoding="utf-8")
    (folder / "f.yml").write_text("# nothing yet\n", encoding="utf-8")
    (folder / "g.yml").write_text("name: g.test\nlocations:\n\t- {path: /}\n", encoding="utf-8")
    (folder / "h\n.yml").write_text(SITE.format(name="h.test"), encoding="utf-8")
    assert errors(folder) == [
        "sites.d/c.yml: holds a list; a file contains one site: a mapping that begins with name:",
        "sites.d/d.yml:2: is not valid YAML: did not find expected node content",
        "sites.d/f.yml: is empty; write a site, or remove the file to remove its site",
        "sites.d/g.yml:3: is not valid YAML: found character that cannot start any token; "
        "indent with spaces instead of tabs",
        "sites.d/h\\n.yml: has a name with control characters; rename the file",
        "sites.d/b.yml:3: edge_sites[1] (b.test).locations[0].upstrem: unknown key; did you mean 'upstream'?",
        "sites.d/e.yml:1: edge_sites[2]: expected a mapping, got a string",
    ]


@pytest.mark.case("G3")
def test_a_duplicate_key_is_an_error_with_both_lines(folder: Path) -> None:
    (folder / "b.yml").write_text(SITE.format(name="b.test") + "name: c.test\nlocations: []\n", encoding="utf-8")
    assert errors(folder) == [
        "sites.d/b.yml:4: 'name' is already in line 1; write it once",
        "sites.d/b.yml:5: 'locations' is already in line 2; write it once",
    ]


@pytest.mark.case("G2")
def test_files_with_other_suffixes_are_reported(folder: Path) -> None:
    for name in ("b.yml.bak", "c", "README.md", ".hidden.yml"):
        (folder / name).write_text(SITE.format(name="b.test"), encoding="utf-8")
    found = read_site_files(folder, never)
    reason = "is not read, because its name does not end with .yml or .yaml; rename it, or move it to another folder"
    assert [str(one) for one in found.warnings] == [
        f"sites.d/b.yml.bak: {reason}",
        f"sites.d/c: {reason}",
    ]


def test_a_name_in_both_sources_is_an_error(folder: Path) -> None:
    (folder / "a.yml").write_text(SITE.format(name="a.test"), encoding="utf-8")
    assert errors(folder) == [
        "sites.d/a.yml:1: edge_sites[1] (a.test).name: 'a.test' is already taken by edge_sites[0] (a.test).name; "
        "give it another name"
    ]


@pytest.mark.parametrize("text", ["name: '{{ name }}'\n", "name: !vault x\n"])
def test_expressions_and_vaulted_values_are_left_to_ansible(folder: Path, text: str) -> None:
    (folder / "b.yml").write_text(text, encoding="utf-8")
    found = read_site_files(folder, lambda path: {"name": path.stem})
    assert ([file.content for file in found.sites], found.problems) == ([{"name": "b"}], [])
