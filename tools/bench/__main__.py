# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tools.bench [--quick] [--page] [MODULE…]``: run the benchmarks, one after the other.

Prints a table, and writes .cache/bench/results.json and plots. Without names of modules, all of them run. With names,
the results of the other modules stay as they are. ``--page`` writes docs/reference/speed.md and its plots.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..cpu_load import other_load
from . import machine, page, record, table
from .results import Section

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / ".cache" / "collections"))

MODULES = ("model", "changes", "changes_template", "fleet", "traffic", "traffic_costs", "traffic_reload")
"""In this order. Each has ``run(quick, say) -> Section``, and may have ``profiles()`` for what it profiled."""
WORK = REPOSITORY / ".cache" / "bench"
RESULTS = WORK / "results.json"
PYTHON = WORK / "environment" / "bin" / "python"
"""The environment of requirements-bench.txt, which tools/setup.sh makes."""
REFERENCE = REPOSITORY / "docs" / "reference"


class Progress:
    """Prints lines with the minutes and seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """Print one line."""
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        print(f"{minutes:3}:{seconds:02}  {text}", flush=True)


def measure(module: str, quick: bool, progress: Progress) -> record.Part:
    """Run a module."""
    before, started = other_load(), time.monotonic()
    section: Section = importlib.import_module(f"{__package__}.{module}").run(quick, progress.say)
    seconds = time.monotonic() - started
    return record.Part(
        module, section, quick, machine.today(), machine.commit(), seconds, before, load_after=other_load()
    )


def profiles_of(module: str) -> tuple[record.Profile, ...]:
    """What a module profiled when it ran."""
    found = getattr(importlib.import_module(f"{__package__}.{module}"), "profiles", None)
    return tuple(found()) if found else ()


def run(modules: Sequence[str], quick: bool, earlier: record.Record) -> record.Record:
    """Run modules one after the other; one that raises an exception becomes a failure of the record."""
    progress, found = Progress(), earlier
    for module in modules:
        progress.say(f"{module}: starts")
        try:
            found = found.with_part(measure(module, quick, progress)).with_profiles(profiles_of(module))
            progress.say(f"{module}: done")
        except Exception as error:  # noqa: BLE001 - the other benchmarks still run
            traceback.print_exc()
            progress.say(f"{module}: no result: {error}")
            found = found.with_failure(module, str(error) or repr(error))
        record.write(found, RESULTS)
    return found


def draw(folder: Path) -> Mapping[str, Sequence[str]]:
    """Draw the plots of the results into an empty directory; return the module and names of the plots.

    There are none without the environment that draws them.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if not PYTHON.exists():
        print("no plots: tools/setup.sh bench makes the environment that draws them")
        return {}
    command = (str(PYTHON), "-m", "tools.bench.plots", str(RESULTS), str(folder))
    done = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        module, name = line.split()
        found.setdefault(module, []).append(name)
    return found


def publish(found: record.Record, folder: Path) -> Path:
    """Draw the plots, and write the page; return the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    return page.write(found, folder, draw(folder / page.PLOTS))


def main() -> int:
    """Entry point; exit code 1 if a module has no result."""
    parser = argparse.ArgumentParser(prog="tools.bench", description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"default: {' '.join(MODULES)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--page", action="store_true", help="write docs/reference/speed.md and its plots")
    parser.add_argument("--again", action="store_true", help="measure nothing; print and draw the stored results")
    options = parser.parse_args()
    if unknown := set(options.modules) - set(MODULES):
        parser.error(f"no module {', '.join(sorted(unknown))}; there are {', '.join(MODULES)}")
    if options.page and not PYTHON.exists():
        parser.error("--page needs the environment that tools/setup.sh bench makes")
    facts = machine.machine()
    if options.again:
        found = record.load(RESULTS)
    else:
        earlier = record.read(RESULTS, facts) if options.modules else record.Record(facts)
        found = run(options.modules or MODULES, options.quick, earlier)
    print(table.table(found))
    written = publish(found, REFERENCE if options.page else WORK / "page")
    print(f"\nas JSON: {RESULTS.relative_to(REPOSITORY)}\nas a page: {written.relative_to(REPOSITORY)}")
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
