# SPDX-License-Identifier: GPL-3.0-or-later
"""Gixy finds nothing in what the golden cases yield, but for what ``explained.yml`` explains."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.tests.unit.whole.test_golden import render_all

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
GIXY = ROOT / ".cache" / "analysers" / "bin" / "gixy"
EXPLAINED = yaml.safe_load(Path(__file__).with_name("explained.yml").read_text(encoding="utf-8"))
LIVE = "/etc/nginx/generations/golden"
HARMLESS = re.compile(
    r"\[nginx_parser\]\tWARNING\tFile not found: /etc/nginx/(?:mime\.types|fastcgi\.conf)\n?"
    r"|\[variable\]\tINFO\tCan't find variable 'shop' in script '\$shop' inside block 'location / .'\.\n?"
    r"|\[variable\]\tINFO\tCan't find variable 'edge_auth_\w+' in script '\S+' inside block 'location @edge_\w+ .'\.\n?"
)
"""nginx's own files are no part of the text that is looked at; groups in names of servers, and the location before a
named one, set these variables."""


@dataclass(frozen=True)
class Finding:
    """What gixy says.

    :param case: such as ``api/trixie``.
    :param quotes: the text that it speaks of.
    """

    check: str
    case: str
    quotes: str
    words: str

    def is_explained_by(self, entry: dict[str, Any]) -> bool:
        """Whether an entry of explained.yml means it."""
        return entry["check"] == self.check and fnmatch(self.case, entry["cases"]) and entry["quotes"] in self.quotes


def _readable(text: str) -> str:
    """The text with greedy quantifiers instead of possessive ones, which gixy's parser of expressions does not know."""
    return re.sub(r"(?<=[\])])([*+])\+", r"\1", text)


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    """All findings of all cases, those of every severity."""
    folder = tmp_path_factory.mktemp("golden")
    configurations = []
    for case in sorted(path.parent for path in GOLDEN.glob("*/*/nginx.conf")):
        copy = folder / case.relative_to(GOLDEN)
        for name, text in render_all(case.parent, case.name).items():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_readable(text).replace(LIVE, str(copy)), encoding="utf-8")
        configurations.append(str(copy / "nginx.conf"))
    command = [str(GIXY), "--deep", "--format", "json", *configurations]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert HARMLESS.sub("", done.stderr).strip() == "", done.stderr
    return [
        Finding(
            check=one["plugin"],
            case=str(Path(one["path"]).parent.relative_to(folder)),
            quotes=one["config"],
            words=f"{one['file']}:{one['line']}: {one['summary']}: {one['reason']}",
        )
        for one in json.loads(done.stdout)
    ]


def test_nothing_is_found_that_is_not_explained(findings: list[Finding]) -> None:
    unexplained = [one for one in findings if not any(one.is_explained_by(entry) for entry in EXPLAINED)]
    told = [f"{one.check}: {one.case}: {one.words}\n{one.quotes}" for one in unexplained]
    assert told == [], "\n\n".join(told)


def test_every_explanation_explains_something(findings: list[Finding]) -> None:
    idle = [entry for entry in EXPLAINED if not any(one.is_explained_by(entry) for one in findings)]
    assert idle == []
    assert all(entry["reason"] for entry in EXPLAINED)
