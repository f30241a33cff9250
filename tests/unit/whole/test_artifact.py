# SPDX-License-Identifier: GPL-3.0-or-later
"""The built collection contains what users need, and no files of the development."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT

TOP_LEVEL = {
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "LICENSES",
    "MANIFEST.json",
    "README.md",
    "REUSE.toml",
    "SECURITY.md",
    "changelogs",
    "docs",
    "meta",
    "playbooks",
    "plugins",
    "roles",
}
DEVELOPMENT = re.compile(
    r"""
    (^|/)\.                     # hidden files and directories
    | (^|/)__pycache__(/|$) | \.pyc$
    | (^|/)(tests?|molecule|tools|noxfile\.py|conftest\.py|conf\.py)(/|$)
    | (^|/)requirements-[^/]*\.txt$
    | \.(tar\.gz|whl|log|retry|orig|rej|swp|bak)$ | ~$
    | (^|/)(id_[a-z0-9]+|[^/]+\.(key|pem|p12))$  # private keys
    """,
    re.VERBOSE,
)
SCAFFOLD = "playbooks/files/ops/"
"""What ``playbooks/init.yml`` copies into a new repository; hidden files belong to it."""


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names of all files and directories of the artifact."""
    folder = tmp_path_factory.mktemp("artifact")
    subprocess.run(
        [Path(sys.executable).with_name("ansible-galaxy"), "collection", "build", ROOT, "--output-path", folder],
        check=True,
        capture_output=True,
    )
    (artifact,) = folder.glob("hardened-nginx_edge-*.tar.gz")
    with tarfile.open(artifact) as archive:
        return archive.getnames()


def test_the_top_level_is_that_of_a_collection(names: list[str]) -> None:
    assert {name.partition("/")[0] for name in names} == TOP_LEVEL


def test_no_file_is_of_the_development(names: list[str]) -> None:
    assert [name for name in names if DEVELOPMENT.search(name) and not name.startswith(SCAFFOLD)] == []


def test_the_scaffold_is_whole(names: list[str]) -> None:
    written = {str(path.relative_to(ROOT)) for path in (ROOT / SCAFFOLD).rglob("*") if path.is_file()}
    assert written == {name for name in names if name.startswith(SCAFFOLD) and (ROOT / name).is_file()}
