# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the site: where each Markdown file of the repository goes, and its text there.

The pages are written for readers of the repository: links are relative paths, and an index page links to the pages of
its part. On the site, links to files that are no pages become links to the repository, and the links of an index page
become the navigation.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from ..markdown import outside_blocks

BLOB = "https://github.com/hardened/nginx_edge/blob/main"
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
TITLED_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
INDEXES = ("index.md", "collection.md")
PICTURE = ".png"
COLLECTION = "reference/collection"
"""Directory of the pages that antsibull-docs writes, and the page that leads to them."""


def place(path: str) -> str:
    """Return the path on the site of a Markdown file; empty if the site does not contain the file."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if role := re.fullmatch(r"roles/(\w+)/README\.md", path):
        return f"reference/roles/{role[1]}.md"
    return "contributing.md" if path == "CONTRIBUTING.md" else ""


def pages(paths: Iterable[str]) -> dict[str, str]:
    """Path in the repository -> path on the site."""
    return {path: place(path) for path in paths if path.endswith(".md") and place(path)}


def page(path: str, text: str, places: Mapping[str, str]) -> str:
    """The text of a page on the site.

    :param path: its path in the repository.
    :param places: the result of :func:`pages`.
    """
    here = places[path]

    def moved(match: re.Match[str]) -> str:
        return f"{match[1]}{_target(path, match[2], places)}{match[3]}"

    written = outside_blocks(text, lambda part: LINK.sub(moved, part))
    # Pygments shows the lines of a console without a prompt as output.
    written = re.sub(r"^( *`{3,})console\b.*$", r"\1bash", written, flags=re.MULTILINE)
    if posixpath.basename(here) in INDEXES:
        written += _navigation(here, text, path, places)
    return written


def _target(path: str, link: str, places: Mapping[str, str]) -> str:
    """A link of a page, as it is on the site."""
    if link.startswith("#") or re.match(r"\w+:", link):
        if not link.startswith(f"{BLOB}/"):
            return link
        target, _, anchor = link.removeprefix(f"{BLOB}/").partition("#")
    else:
        relative, _, anchor = link.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), relative))
    if target in places or target.endswith(PICTURE):
        place_of = places.get(target) or target.removeprefix("docs/")
        moved = posixpath.relpath(place_of, posixpath.dirname(places[path]) or ".")
    else:
        moved = f"{BLOB}/{target}"
    return f"{moved}#{anchor}" if anchor else moved


def _navigation(here: str, text: str, path: str, places: Mapping[str, str]) -> str:
    """The pages below an index page, in the order of its links, as a table of contents that the site does not show."""
    directory = posixpath.dirname(here)
    below: dict[str, str] = {}
    for match in TITLED_LINK.finditer(text):
        target = _target(path, match[2], places).partition("#")[0]
        inside = not target.startswith(("..", "http"))
        if inside and posixpath.normpath(posixpath.join(directory, target)) in places.values():
            below.setdefault(target.removesuffix(".md"), match[1])
    if here == f"{COLLECTION}.md":
        below["collection/index"] = "All options"
    entries = (f"{title} <{target}>" for target, title in below.items())
    return "\n".join(("", "```{toctree}", ":hidden:", "", *entries, "```", ""))
