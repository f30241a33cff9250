# SPDX-License-Identifier: GPL-3.0-or-later
"""From the marks of tests to the tables of features and cases, with a report as pytest writes it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT
from ansible_collections.hardened.nginx_edge.tools.corpus.rows import read_corpus
from ansible_collections.hardened.nginx_edge.tools.shown import (
    KINDS,
    Catalogue,
    Shown,
    collect,
    missing_required,
    not_shown,
    read_catalogue,
)
from ansible_collections.hardened.nginx_edge.tools.shown_tables import as_text, cases_page, cell, features_page

DATA = """
systems: [old, new]
required: [old, new]
features:
  - {name: proxy, shows: requests arrive}
  - {name: quic, shows: requests over UDP, cannot: {old: built without it}}
  - {name: streams, shows: bytes arrive, required: []}
"""
REPORT = """<?xml version="1.0"?>
<testsuites><testsuite name="pytest" tests="4" failures="1" skipped="1">
<testcase name="a[edge-old]"><properties>
  <property name="system" value="old" /><property name="feature" value="proxy" /></properties></testcase>
<testcase name="b[edge-old]"><properties>
  <property name="system" value="old" /><property name="feature" value="proxy" />
  <property name="feature" value="streams" /></properties></testcase>
<testcase name="b[edge-new]"><properties>
  <property name="system" value="new" /><property name="feature" value="proxy" /></properties>
  <failure message="no" /></testcase>
<testcase name="c[edge-new]"><properties>
  <property name="system" value="new" /><property name="feature" value="quic" /></properties><skipped /></testcase>
<testcase name="d" />
</testsuite></testsuites>
"""


@pytest.fixture
def features(tmp_path: Path) -> Catalogue:
    return read(tmp_path, DATA)


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    report = tmp_path / "report.xml"
    report.write_text(REPORT, encoding="utf-8")
    return collect([report], "feature")


def read(folder: Path, text: str) -> Catalogue:
    path = folder / "features.yml"
    path.write_text(text, encoding="utf-8")
    return read_catalogue("feature", path)


def test_the_data_files_are_sound() -> None:
    assert [feature.label for feature in read_catalogue("feature").all] == [str(number) for number in range(1, 35)]
    cases = read_catalogue("case")
    assert [case.key for case in cases.all] == [case.label for case in cases.all]


def test_a_feature_is_required_where_it_can_be(features: Catalogue) -> None:
    assert [feature.required for feature in features.all] == [("old", "new"), ("new",), ()]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (DATA.replace("cannot: {old", "cannot: {odl"), "quic: unknown system odl"),
        (DATA.replace("required: []", "required: [future]"), "streams: unknown system future"),
        (DATA.replace("name: streams", "name: proxy"), "named twice: proxy"),
        (DATA.replace("built without it}", "built without it}, required: [old]"), "quic: old cannot, and must"),
    ],
)
def test_mistakes_of_the_data_file(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read(tmp_path, text)


def test_the_system_is_in_the_id_of_a_test(features: Catalogue) -> None:
    assert features.system_of("test_it[ansible://edge-old]") == "old"
    for text in ("test_it", "test_it[older]", "test_it[old-new]"):
        with pytest.raises(ValueError, match="is about one of old, new"):
            features.system_of(text)


def test_passed_tests_are_counted_and_others_too(features: Catalogue, shown: Shown) -> None:
    cells = [[cell(feature, system, shown) for system in features.systems] for feature in features.all]
    assert cells == [["✔ 2", "✘"], ["—", "✘"], ["✔ 1", ""]]


def test_what_must_be_shown_and_was_not(features: Catalogue, shown: Shown) -> None:
    assert missing_required(features, shown) == {"proxy": ["new"], "quic": ["new"]}


def test_a_run_without_tests_has_shown_nothing(features: Catalogue) -> None:
    assert missing_required(features, collect([], "feature")) == {"proxy": ["old", "new"], "quic": ["new"]}


def test_the_table_for_the_terminal(features: Catalogue, shown: Shown) -> None:
    assert as_text(features, shown).splitlines() == [
        "    feature  old       new",
        "  1 proxy    ✔ 2       ✘",
        "  2 quic     —         ✘",
        "  3 streams  ✔ 1",
        "— quic on old: built without it",
        "not shown on new: 1, 2, 3",
        "✘ proxy must be shown on new",
        "✘ quic must be shown on new",
    ]


def test_the_page(features: Catalogue, shown: Shown) -> None:
    page = features_page(features, shown, ["Made today."])
    assert "Made today." in page
    assert "| 1 | proxy | requests arrive | ✔ 2 | ✘ |" in page
    assert "- quic on old: built without it." in page


def test_the_page_of_cases_names_the_tests_that_showed_them(tmp_path: Path) -> None:
    data, report = tmp_path / "cases.yml", tmp_path / "report.xml"
    data.write_text("{systems: [old], required: [old], cases: [{id: A1, name: rules add}, {id: A2, name: regex}]}")
    report.write_text(REPORT.replace('"feature" value="proxy"', '"case" value="A1"'), encoding="utf-8")
    cases, seen = read_catalogue("case", data), collect([report], "case")
    page = cases_page(cases, seen, ["Made today."])
    assert "| A1 | rules add | `a`, `b` | ✔ 2 |" in page
    assert "| A2 | regex |  |  |" in page
    assert not_shown(cases, seen) == ["A2"]


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        ('@pytest.mark.feature("rate limits")', "1 test collected"),
        ('@pytest.mark.feature("rate limit")', "not in tests/features.yml: rate limit"),
        ("@pytest.mark.feature()", "its mark names no feature"),
        ('@pytest.mark.case("A1")', "1 test collected"),
        ('@pytest.mark.case("Z1")', "not in tests/cases.yml: Z1"),
    ],
)
def test_a_mark_is_checked(tmp_path: Path, mark: str, told: str) -> None:
    test = tmp_path / "test_it.py"
    text = f'import pytest\n\n@pytest.mark.parametrize("edge", ["edge-trixie"])\n{mark}\ndef test_it(edge): pass\n'
    test.write_text(text, encoding="utf-8")
    plugin = "ansible_collections.hardened.nginx_edge.molecule.conftest"
    argv = (sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", plugin, "-c", ROOT / "pyproject.toml", test)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".cache" / "collections"), "PYTEST_ADDOPTS": ""}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert told in done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_every_required_entry_has_a_test_that_says_so(kind: str) -> None:
    marks = re.compile(rf'mark\.{kind}\(("[^)]*")\)')
    folders = ("molecule/*/tests/*.py", *(["tests/unit/**/*.py"] if kind == "case" else []))
    paths = {path for folder in folders for path in ROOT.glob(folder)} - {Path(__file__)}
    sources = [path.read_text(encoding="utf-8") for path in paths]
    said = {name for text in sources for names in marks.findall(text) for name in re.findall(r'"([^"]*)"', names)}
    if kind == "case":
        said |= {row.case for row in read_corpus().all if row.case}
    catalogue = read_catalogue(kind)
    assert sorted(name for name in said if name not in catalogue) == []
    assert [entry.key for entry in catalogue.all if entry.required and entry.key not in said] == []
