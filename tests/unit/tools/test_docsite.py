# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the repository become pages of the site: links lead to the same places, and index pages to navigation."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.tools.docsite.pages import BLOB, page, pages, place

PLACES = pages(
    [
        "README.md",
        "CONTRIBUTING.md",
        "docs/index.md",
        "docs/how-to/index.md",
        "docs/how-to/groups.md",
        "docs/reference/model.md",
        "docs/reference/collection.md",
        "roles/edge/README.md",
    ]
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("docs/how-to/groups.md", "how-to/groups.md"),
        ("roles/edge/README.md", "reference/roles/edge.md"),
        ("CONTRIBUTING.md", "contributing.md"),
        ("README.md", ""),
        ("tests/hosts/README.md", ""),
    ],
)
def test_the_place_of_a_page(path: str, expected: str) -> None:
    assert place(path) == expected
    assert (path in PLACES) is bool(expected) or path not in ("README.md", *PLACES)


@pytest.mark.parametrize(
    ("link", "moved"),
    [
        ("../reference/model.md#edge_sites", "../reference/model.md#edge_sites"),
        ("../../roles/edge/README.md#rollback", "../reference/roles/edge.md#rollback"),
        ("../../CONTRIBUTING.md", "../contributing.md"),
        ("../../tests/hosts/README.md", f"{BLOB}/tests/hosts/README.md"),
        (f"{BLOB}/docs/reference/model.md#x", "../reference/model.md#x"),
        ("https://nginx.org/en/docs/", "https://nginx.org/en/docs/"),
        ("#here", "#here"),
        ("../reference/speed/traffic.png", "../reference/speed/traffic.png"),
    ],
)
def test_a_link_leads_to_the_same_place(link: str, moved: str) -> None:
    assert page("docs/how-to/groups.md", f"# A\n\n[a]({link})\n", PLACES) == f"# A\n\n[a]({moved})\n"


def test_blocks_keep_their_text_and_commands_their_colours() -> None:
    text = "```console fails\n[a](b.md)\n```\n"
    assert page("docs/how-to/groups.md", text, PLACES) == "```bash\n[a](b.md)\n```\n"


def test_the_links_of_an_index_become_the_navigation() -> None:
    text = "[Several groups](groups.md) [Model](../reference/model.md) [Again](groups.md#x)\n"
    written = page("docs/how-to/index.md", text, PLACES)
    assert written == f"{text}\n```{{toctree}}\n:hidden:\n\nSeveral groups <groups>\n```\n"


def test_the_page_of_the_collection_leads_to_the_generated_pages() -> None:
    written = page("docs/reference/collection.md", "[edge](../../roles/edge/README.md)\n", PLACES)
    assert written.endswith(":hidden:\n\nedge <roles/edge>\nAll options <collection/index>\n```\n")
