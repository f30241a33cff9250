# SPDX-License-Identifier: GPL-3.0-or-later
"""Plots of a record, as PNG: ``python -m tools.bench.plots RECORD FOLDER`` prints the module and name of each.

It runs with matplotlib, in the environment of requirements-bench.txt. Subjects that differ in one number, such as
``100 sites`` and ``1,000 sites``, become curves, and the others become bars.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .curves import curves, slug
from .record import load
from .results import Measurement, Section
from .table import OWN, number

COLUMNS = 2
NOT_DRAWN = ("p50 ms", "requests", "failed requests", "% of requests in the log", "% proven before the load ended")
"""Metrics that only the tables have."""
INCHES = (6.0, 0.34)
"""Width of a panel, and height of a bar."""
OWN_COLOUR, OTHER_COLOUR = "#1f6f5c", "#b0b7bf"


def main() -> int:
    """Entry point."""
    path, folder = map(Path, sys.argv[1:])
    mpl.use("agg")
    folder.mkdir(parents=True, exist_ok=True)
    for part in load(path).parts:
        for name, figure in figures(part.module, part.section):
            figure.savefig(folder / name, dpi=80)
            print(part.module, name)
    return 0


def figures(module: str, section: Section) -> Iterator[tuple[str, Figure]]:
    """A figure for each metric of a section, and the name of its file."""
    for metric in dict.fromkeys(one.metric for one in section.measurements if one.metric not in NOT_DRAWN):
        measurements = [one for one in section.measurements if one.metric == metric]
        for kind, figure in _figures_of(measurements, metric):
            figure.suptitle(f"{section.name}: {metric}")
            yield f"{slug(f'{module} {metric}{kind}')}.png", figure


def _figures_of(measurements: Sequence[Measurement], metric: str) -> Iterator[tuple[str, Figure]]:
    found = curves(measurements)
    drawn = {id(one) for candidates in found.values() for points in candidates.values() for _count, one in points}
    others = [one for one in measurements if id(one) not in drawn]
    if found:
        yield " curve", _curve_figure(found, metric)
    if others:
        yield "", _bar_figure(others)


def _curve_figure(found: dict[str, dict[str, list[tuple[int, Measurement]]]], metric: str) -> Figure:
    figure = Figure(
        figsize=(INCHES[0] * min(COLUMNS, len(found)), 4.5 * -(-len(found) // COLUMNS)), layout="constrained"
    )
    panels = figure.subplots(-(-len(found) // COLUMNS), min(COLUMNS, len(found)), squeeze=False).flat
    for panel, (subject, candidates) in zip(panels, found.items()):
        for candidate, points in candidates.items():
            points.sort(key=lambda point: point[0])
            panel.plot([count for count, _one in points], [one.median for _count, one in points], "o-", label=candidate)
        panel.set(title=subject, xscale="log", yscale="log", ylabel=metric)
        panel.grid(visible=True, which="both", alpha=0.3)
        panel.legend()
    return figure


def _bar_figure(measurements: Sequence[Measurement]) -> Figure:
    subjects = list(dict.fromkeys(one.subject for one in measurements))
    grouped = [[one for one in measurements if one.subject == subject] for subject in subjects]
    rows = [grouped[start : start + COLUMNS] for start in range(0, len(grouped), COLUMNS)]
    heights = [max(map(len, row)) * INCHES[1] + 0.8 for row in rows]
    columns = min(COLUMNS, len(grouped))
    figure = Figure(figsize=(INCHES[0] * columns, sum(heights) + 0.5), layout="constrained")
    panels = figure.subplots(len(rows), columns, squeeze=False, height_ratios=heights)
    for panel in panels.flat:
        panel.set_visible(False)
    for line, row in zip(panels, rows):
        for panel, group in zip(line, row):
            _bars(panel, group)
    return figure


def _bars(panel: Axes, group: Sequence[Measurement]) -> None:
    panel.set_visible(True)
    names = [one.candidate for one in group]
    medians = [one.median for one in group]
    whiskers = [[one.median - one.least for one in group], [one.most - one.median for one in group]]
    colours = [OWN_COLOUR if name == OWN else OTHER_COLOUR for name in names]
    bars = panel.barh(names, medians, xerr=whiskers, color=colours, error_kw={"lw": 1, "capsize": 2})
    panel.bar_label(bars, [f"  {number(median)}" for median in medians], fontsize=8)
    panel.invert_yaxis()
    panel.margins(x=0.15)
    panel.set_title(group[0].subject, fontsize=9)
    panel.tick_params(labelsize=8)


if __name__ == "__main__":
    sys.exit(main())
