# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/how-to/applications: a page for each application, with a model, the nginx text that it becomes and notes.

A recipe is ``tests/golden/cookbook/applications/NAME.yml``. The first line of its comments is ``TITLE: SUMMARY``. The
text up to the first heading is printed above the model, and the rest below it. After ``Shows:`` follow the directives
to print, as in the cookbook. Each nginx can run each recipe. ``requests/NAME.yml`` are the requests that test it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .cookbook import PAGE, RECIPES, Written, excerpts, fenced, read_written
from .corpus.recipes import Requests, read_requests

FILES = RECIPES / "applications"
REQUESTS = FILES / "requests"
PAGES = PAGE.parent / "applications"
HEADING = "\n## "
INDEX = """# Applications

A recipe for each of these applications: the variables to set, the settings of the application itself, and the
differences from the nginx configuration that its own documentation describes, with the reasons. Every recipe is a test
case: the nginx of each system serves it to clients, with a backend that answers like the application, and each page
lists what these requests show. None of the recipes has raw directives. `make reference` generates these pages.

Each recipe also needs the settings of the edge, such as `edge_acme`, and the addresses of your servers. The
[cookbook](../cookbook.md) has a recipe for each feature, and [Headers](../../reference/headers.md) lists what backends
and browsers receive.

| Application | Recipe |
|---|---|
"""

TESTED = """## What is tested

Requests to the nginx of each system, with this model and a backend that answers like the application, show:
"""

WITH_THE_APPLICATION = "With the application itself, on Debian 13:"


@dataclass(frozen=True)
class Application(Written):
    """A recipe for an application."""

    title: str
    summary: str

    @property
    def requests(self) -> Requests:
        """What traffic shows of it; rows that name no site are for the first one."""
        return read_requests(REQUESTS / self.path.name, self.model["edge_sites"][0]["name"])

    @property
    def page(self) -> str:
        """Name of its page."""
        return f"{self.path.stem}.md"


def applications() -> list[Application]:
    """All recipes, by title."""
    found = []
    for path in FILES.glob("*.yml"):
        written = read_written(path)
        head, _, words = written.words.partition("\n")
        title, _, summary = head.partition(": ")
        text = Written(path, words.strip(), written.shows, written.text)
        found.append(Application(**vars(text), title=title, summary=summary))
    return sorted(found, key=lambda one: one.title.lower())


def page(application: Application) -> str:
    """The page of an application."""
    above, heading, below = application.words.partition(HEADING)
    parts = [f"# {application.title}\n", f"{above.strip()}\n", fenced("yaml", application.text)]
    if nginx := excerpts(application):
        parts += ["Some of the lines that this becomes on Debian 13:\n", fenced("nginx", nginx)]
    requests = application.requests
    claims = "".join(f"- {claim[0].upper()}{claim[1:]}.\n" for claim in requests.claims)
    tested = [TESTED, claims, *([f"{WITH_THE_APPLICATION} {requests.session}.\n"] if requests.session else [])]
    return "\n".join([*parts, f"{heading.strip()} {below.strip()}\n", *tested])


def pages() -> dict[str, str]:
    """File name -> text of all pages, and of their index."""
    found = applications()
    rows = "".join(f"| [{one.title}]({one.page}) | {one.summary} |\n" for one in found)
    return {**{one.page: page(one) for one in found}, "index.md": INDEX + rows}


if __name__ == "__main__":
    PAGES.mkdir(exist_ok=True)
    for stale in {path.name for path in PAGES.glob("*.md")} - pages().keys():
        (PAGES / stale).unlink()
    for name, text in pages().items():
        (PAGES / name).write_text(text, encoding="utf-8")
