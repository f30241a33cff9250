# SPDX-License-Identifier: GPL-3.0-or-later
"""The tutorial, carried out as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.molecule.tutorial.tests.reader import (
    FINISHED,
    REPOSITORY,
    RUN,
    START,
    Reader,
)
from ansible_collections.hardened.nginx_edge.tools.tutorial import read_steps

ROOT = Path(__file__).resolve().parents[3]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-edge.md"


@pytest.fixture(scope="module", params=edges())
def reader(request: pytest.FixtureRequest) -> Reader:
    """The reader has an empty directory, and follows the tutorial before all other tests of a host."""
    reader = Reader(request.param)
    reader.run(f"mkdir {START}", "/")
    return reader


def test_the_tutorial(reader: Reader) -> None:
    """Every command ends as the page says, and prints what the page shows."""
    for step in read_steps(TUTORIAL.read_text(encoding="utf-8")):
        reader.follow(step, START)
    assert reader.run(f"cp -R {REPOSITORY} {FINISHED}").returncode == 0


def test_the_version(reader: Reader) -> None:
    """It was carried out with the version of ansible-core after which the host is named."""
    version = reader.host.rpartition("-")[2]
    assert reader.run("ansible --version").stdout.startswith(f"ansible [core {version}.")
    assert reader.run("command -v ansible-playbook").stdout.strip() == "/opt/ansible/bin/ansible-playbook"


def test_errors_begin_without_a_line_about_an_exception(reader: Reader) -> None:
    done = reader.run(f"{RUN} -e edge_http_port=nonsense")
    assert done.returncode == 2, done.stdout
    assert "edge_http_port: expected an integer, got 'nonsense'" in done.stdout
    assert "exception" not in done.stdout.lower()
