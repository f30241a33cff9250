# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/reference/speed.md: what the benchmarks measured, from their record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .record import Part, Profile, Record
from .results import Measurement, Section
from .table import limit, number, ratio, spread, verdict

TITLE = "Speed"
FILE = "speed.md"
PLOTS = "speed"
"""Directory of the plots, next to the page."""
ENTRY = f"| [{TITLE}]({FILE}) | how much traffic an edge carries, and how long a change takes (`make bench`) |"
EXPLANATION = "../explanation/speed.md"
INDEX_HEADING = "The tests write these pages:"


def page(record: Record, plots: Mapping[str, Sequence[str]]) -> str:
    """The text of the page.

    :param plots: module -> names of its plots, without their directory.
    """
    return "\n".join(_lines(record, plots)) + "\n"


def write(record: Record, folder: Path, plots: Mapping[str, Sequence[str]]) -> Path:
    """Write the page into a directory, and add it to the index of this directory if there is one; return its path."""
    path = folder / FILE
    path.write_text(page(record, plots), encoding="utf-8")
    index = folder / "index.md"
    if index.exists():
        index.write_text(with_entry(index.read_text(encoding="utf-8")), encoding="utf-8")
    return path


def with_entry(index: str) -> str:
    """The index of the reference with an entry for the page.

    :raises ValueError: the index has no table of the pages that runs write.
    """
    if f"]({FILE})" in index:
        return index
    if INDEX_HEADING not in index:
        raise ValueError(f"the index has no line '{INDEX_HEADING}'")
    return index.rstrip("\n") + f"\n{ENTRY}\n"


def _lines(record: Record, plots: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from (f"# {TITLE}", "")
    yield "`make bench` wrote this page. It measured on this machine:"
    yield from ("", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in record.machine.items()), "")
    yield "Absolute values depend on the machine. Compare ratios of candidates that one run measured. A value is the"
    yield "median of several rounds, in which the candidates took turns, with the least and the most in parentheses."
    yield "The load generators share the cores with the servers."
    yield from ("", *_goals(record.parts))
    for part in record.parts:
        yield from _part(part, plots.get(part.module, ()))
    if record.profiles:
        yield from (
            "## Profiles",
            "",
            "The functions with the largest share of the CPU time, from samples of `perf`.",
            "",
        )
        for profile in record.profiles:
            yield from _profile(profile)
    if record.failures:
        yield from ("## Not measured", "")
        yield from (f"- `{module}`: {_cell(reason)}" for module, reason in record.failures.items())


def _goals(parts: Sequence[Part]) -> Iterator[str]:
    goals = [(part, goal) for part in parts for goal in part.section.goals]
    if not goals:
        return
    yield from ("## Goals", "", "| Section | Goal | Measured | Limit | Result |", "|---|---|---|---|---|")
    for part, goal in goals:
        measured = "" if goal.ratio is None else number(goal.ratio)
        yield f"| {part.section.name} | {_cell(goal.text)} | {measured} | {limit(goal)} | {verdict(goal)} |"
    yield from ("", f"[Where the time goes]({EXPLANATION}) explains the goals that were missed.", "")


def _part(part: Part, plots: Sequence[str]) -> Iterator[str]:
    section = part.section
    yield from (f"## {section.name}", "")
    form = "in the quick form" if part.quick else "in the full form"
    yield f"Measured on {part.date} at commit {part.commit}, {form}, in {part.seconds:.0f} s."
    yield f"Other load on the machine: {part.load_before:.0%} of a core before, {part.load_after:.0%} after."
    if section.versions:
        listed = ", ".join(f"{name} {version}" for name, version in section.versions.items())
        yield from ("", f"Versions: {listed}.")
    if section.notes:
        yield from ("", *(f"- {note}" for note in section.notes))
    yield ""
    for plot in plots:
        yield from (f"![{section.name}: {plot.removesuffix('.png')}]({PLOTS}/{plot})", "")
    yield from _tables(section)


def _tables(section: Section) -> Iterator[str]:
    """A table for each subject with several candidates, and one for all other subjects."""
    subjects = dict.fromkeys(one.subject for one in section.measurements)
    candidates = {subject: _names(section, subject) for subject in subjects}
    single = [subject for subject in subjects if len(candidates[subject]) == 1]
    if single:
        yield from _table(section, "Subject", [(subject, subject, candidates[subject][0]) for subject in single])
    for subject, names in candidates.items():
        if subject not in single:
            yield from (f"### {subject}", "")
            yield from _table(section, "Candidate", [(name, subject, name) for name in names])


def _names(section: Section, subject: str) -> list[str]:
    return list(dict.fromkeys(one.candidate for one in section.measurements if one.subject == subject))


def _table(section: Section, title: str, rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """A table with a column for each metric, and the ratio of the edge to each candidate for the first one.

    :param rows: the text of the first column, the subject and the candidate.
    """
    keys = {row[1:] for row in rows}
    metrics = list(dict.fromkeys(one.metric for one in section.measurements if (one.subject, one.candidate) in keys))
    head = [title, *metrics]
    compared = title == "Candidate"
    if compared:
        head.insert(2, "ratio of the edge")
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for text, subject, name in rows:
        found = [section.of(subject, name, metric) for metric in metrics]
        cells = [text, *(_value(one) for one in found)]
        if compared:
            relative = None if found[0] is None else ratio(section, found[0])
            cells.insert(2, "" if relative is None else number(relative))
        yield f"| {' | '.join(map(_cell, cells))} |"
    yield ""


def _value(one: Measurement | None) -> str:
    """The median, with least and most in parentheses; empty if it was not measured."""
    if one is None:
        return ""
    between = spread(one)
    return f"{number(one.median)} ({between})" if between else number(one.median)


def _profile(profile: Profile) -> Iterator[str]:
    yield from (f"### {profile.program}: {profile.load}", "")
    yield from (f"Recorded on {profile.date} at commit {profile.commit}.", "")
    yield from ("| Share | Function | File |", "|---|---|---|")
    yield from (f"| {share:.1f} % | `{_cell(name)}` | {_cell(file)} |" for share, name, file in profile.rows)
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
