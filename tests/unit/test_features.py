# SPDX-License-Identifier: GPL-3.0-or-later
"""From the marks of tests to the table of features, with a report as pytest writes it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tools.features import (
    Features,
    Shown,
    as_markdown,
    as_text,
    cell,
    collect,
    missing_required,
    read_features,
)

from .models import ROOT

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
def features(tmp_path: Path) -> Features:
    return read(tmp_path, DATA)


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    report = tmp_path / "report.xml"
    report.write_text(REPORT, encoding="utf-8")
    return collect([report])


def read(folder: Path, text: str) -> Features:
    path = folder / "features.yml"
    path.write_text(text, encoding="utf-8")
    return read_features(path)


def test_the_data_file_is_sound() -> None:
    features = read_features()
    assert [feature.number for feature in features.all] == list(range(1, 27))


def test_a_feature_is_required_where_it_can_be(features: Features) -> None:
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


def test_the_system_is_in_the_id_of_a_test(features: Features) -> None:
    assert features.system_of("test_it[ansible://edge-old]") == "old"
    for text in ("test_it", "test_it[older]", "test_it[old-new]"):
        with pytest.raises(ValueError, match="is about one of old, new"):
            features.system_of(text)


def test_passed_tests_are_counted_and_others_too(features: Features, shown: Shown) -> None:
    cells = [[cell(feature, system, shown) for system in features.systems] for feature in features.all]
    assert cells == [["✔ 2", "✘"], ["—", "✘"], ["✔ 1", ""]]


def test_what_must_be_shown_and_was_not(features: Features, shown: Shown) -> None:
    assert missing_required(features, shown) == {"proxy": ["new"], "quic": ["new"]}


def test_a_run_without_tests_has_shown_nothing(features: Features) -> None:
    assert missing_required(features, collect([])) == {"proxy": ["old", "new"], "quic": ["new"]}


def test_the_table_for_the_terminal(features: Features, shown: Shown) -> None:
    assert as_text(features, shown).splitlines() == [
        "   feature  old       new",
        " 1 proxy    ✔ 2       ✘",
        " 2 quic     —         ✘",
        " 3 streams  ✔ 1",
        "— quic on old: built without it",
        "not shown on new: 1, 2, 3",
        "✘ proxy must be shown on new",
        "✘ quic must be shown on new",
    ]


def test_the_page(features: Features, shown: Shown) -> None:
    page = as_markdown(features, shown, ["Made today."])
    assert "Made today." in page
    assert "| 1 | proxy | requests arrive | ✔ 2 | ✘ |" in page
    assert "- quic on old: built without it." in page


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        ('@pytest.mark.feature("rate limits")', "1 test collected"),
        ('@pytest.mark.feature("rate limit")', "not in tests/features.yml: rate limit"),
        ("@pytest.mark.feature()", "its mark names no feature"),
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


def test_every_required_feature_has_a_test_that_says_so() -> None:
    marks = re.compile(r'mark\.feature\(("[^)]*")\)')
    sources = [path.read_text(encoding="utf-8") for path in ROOT.glob("molecule/*/tests/*.py")]
    said = {name for text in sources for names in marks.findall(text) for name in re.findall(r'"([^"]*)"', names)}
    features = read_features()
    assert sorted(name for name in said if name not in features) == []
    assert [feature.name for feature in features.all if feature.required and feature.name not in said] == []
