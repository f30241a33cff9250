# SPDX-License-Identifier: GPL-3.0-or-later
"""Every link of a page leads to a file of the repository, and to a heading that exists."""

from __future__ import annotations

import posixpath
import subprocess
from collections.abc import Iterator

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT
from ansible_collections.hardened.nginx_edge.tools.docsite.pages import BLOB
from ansible_collections.hardened.nginx_edge.tools.markdown import anchors, links

SHOWN_ELSEWHERE = "README.md"
"""Galaxy shows this page without the repository, so its links are complete addresses."""
NOT_OF_THIS_TREE = "playbooks/files/"
"""Files for other repositories."""


def pages() -> list[str]:
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return sorted(page for page in set(listed) if (ROOT / page).is_file() and not page.startswith(NOT_OF_THIS_TREE))


def broken(page: str, text: str) -> Iterator[str]:
    """A line for each link of a page with a target that does not exist."""
    for line, link in links(text):
        if reason := reason_of(page, text, link):
            yield f"{page}:{line}: {link}: {reason}"


def reason_of(page: str, text: str, link: str) -> str:
    """Why a link is wrong; empty if it is not, or if it leads to another place."""
    if link.startswith(f"{BLOB}/"):
        target = link.removeprefix(f"{BLOB}/")
    elif ":" in link.partition("#")[0]:
        return ""
    elif page == SHOWN_ELSEWHERE and not link.startswith("#"):
        return f"write {BLOB}/{link}"
    else:
        target = posixpath.join(posixpath.dirname(page), link)
    path, _, anchor = target.partition("#")
    file = ROOT / posixpath.normpath(path) if path and not link.startswith("#") else ROOT / page
    if not file.exists():
        return "no such file"
    if anchor and anchor not in anchors(text if file == ROOT / page else file.read_text(encoding="utf-8")):
        return "no such heading"
    return ""


@pytest.mark.parametrize("page", pages())
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    assert list(broken(page, (ROOT / page).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("page", "text", "found"),
    [
        ("docs/index.md", "[a](tutorial/first-edge.md#roll-back) [b](../README.md) [c](https://nginx.org/x#y)", []),
        ("docs/index.md", "\n[a](tutorial/nothing.md)", ["docs/index.md:2: tutorial/nothing.md: no such file"]),
        (
            "docs/index.md",
            "[`a[]`](tutorial/first-edge.md#x)",
            ["docs/index.md:1: tutorial/first-edge.md#x: no such heading"],
        ),
        ("docs/index.md", "# A `b_c[]` d\n[a](#a-b_c-d)", []),
        ("docs/index.md", "# A\n[a](#b)", ["docs/index.md:2: #b: no such heading"]),
        ("docs/index.md", "```text\n[a](nothing.md)\n# A\n```\n[a](#a)", ["docs/index.md:5: #a: no such heading"]),
        ("README.md", "[a](docs/index.md)", [f"README.md:1: docs/index.md: write {BLOB}/docs/index.md"]),
        ("README.md", f"[a]({BLOB}/docs/index.md)", []),
        ("README.md", f"[a]({BLOB}/docs/none.md)", [f"README.md:1: {BLOB}/docs/none.md: no such file"]),
    ],
)
def test_a_broken_link_is_found(page: str, text: str, found: list[str]) -> None:
    assert list(broken(page, text)) == found


def test_headings_with_the_same_text_get_different_anchors() -> None:
    assert anchors("# A\n## B\n## B\n## B\n") == {"a", "b", "b-1", "b-2"}


def test_every_page_is_linked_from_the_index_of_its_part() -> None:
    for part in ("tutorial", "how-to", "reference", "explanation"):
        index = ROOT / "docs" / part / "index.md"
        linked = {link for _line, link in links(index.read_text(encoding="utf-8"))}
        assert {path.name for path in index.parent.glob("*.md")} - {"index.md"} - linked == set()
