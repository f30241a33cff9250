# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of what live traffic has shown, for the terminal and for the pages of docs/."""

from __future__ import annotations

from collections.abc import Sequence

from .shown import Catalogue, Entry, Shown, missing, missing_required, not_shown, reasons

LEGEND = (
    "✔ and the number of tests that showed it through the real nginx of that system; ✘ a test failed;",
    "— its nginx cannot; empty: no test showed it.",
)


def cell(entry: Entry, system: str, shown: Shown) -> str:
    """``✔ 3``: three tests showed it; ``✘``: one failed; ``—``: the system's nginx cannot; empty: nothing showed it."""
    if shown.failed[entry.key, system]:
        return "✘"
    if system in entry.cannot:
        return "—"
    count = shown.passed[entry.key, system]
    return f"✔ {count}" if count else ""


def as_text(catalogue: Catalogue, shown: Shown, *, everything: bool = True) -> str:
    """The table for the terminal.

    :param everything: every system was to show what it can.
    """
    width = max(len(entry.title) for entry in catalogue.all)
    heading = f"{'':>3} {catalogue.kind:<{width}}  {'  '.join(f'{system:<8}' for system in catalogue.systems)}"
    lines = [heading.rstrip()]
    for entry in catalogue.all:
        cells = "  ".join(f"{cell(entry, system, shown):<8}" for system in catalogue.systems)
        lines.append(f"{entry.label:>3} {entry.title:<{width}}  {cells}".rstrip())
    lines += [f"— {text}" for text in reasons(catalogue)]
    for system in catalogue.systems:
        if labels := [entry.label for entry in missing(catalogue, shown, system)]:
            lines.append(f"not shown on {system}: {', '.join(labels)}")
    if everything:
        for key, systems in missing_required(catalogue, shown).items():
            lines.append(f"✘ {key} must be shown on {', '.join(systems)}")
    else:
        lines += [f"✘ {key} must be shown" for key in not_shown(catalogue, shown)]
    return "\n".join(lines)


def features_page(catalogue: Catalogue, shown: Shown, origin: Sequence[str]) -> str:
    """The page of docs/ about features.

    :param origin: lines that tell when and from what it was made.
    """
    rows = [(entry, entry.shows) for entry in catalogue.all]
    return _page(
        ["# What live traffic has shown", "", *origin], "Feature | What traffic must show", catalogue, shown, rows
    )


def cases_page(catalogue: Catalogue, shown: Shown, origin: Sequence[str]) -> str:
    """The page of docs/ about cases: each with the tests that showed it, where a request of the corpus is one test.

    :param origin: as for :func:`features_page`.
    """
    rows = [
        (entry, ", ".join(f"`{test}`" for test in sorted(shown.tests.get(entry.key, ())))) for entry in catalogue.all
    ]
    return _page(["# Cases that must not go wrong", "", *origin], "Case | Tests", catalogue, shown, rows)


def _page(
    head: Sequence[str], columns: str, catalogue: Catalogue, shown: Shown, rows: Sequence[tuple[Entry, str]]
) -> str:
    lines = [*head, "", *LEGEND, "", f"| # | {columns} | {' | '.join(catalogue.systems)} |"]
    lines.append(f"|---|---|---|{'---|' * len(catalogue.systems)}")
    for entry, text in rows:
        cells = " | ".join(cell(entry, system, shown) for system in catalogue.systems)
        lines.append(f"| {entry.label} | {entry.title} | {text} | {cells} |")
    lines += ["", *(f"- {text}." for text in reasons(catalogue)), ""]
    return "\n".join(lines)
