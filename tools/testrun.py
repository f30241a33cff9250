# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the checks and tests, shows progress, and ends with one line: N passed, N failed.

``python3 -m tools.testrun check``: what needs no container, which is each session of noxfile.py with the tag ``check``.
``test``: everything, within 50 minutes, for which some scenarios have fewer hosts, and tables of what live traffic
showed. ``all``: every host of every scenario, and the results are written to docs/.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from . import quick
from .pages import BIN, REPOSITORY, SYSTEMS, Part, write_faults, write_results, write_shown
from .shown import KINDS, collect, missing_required, not_shown, read_catalogue
from .shown_tables import as_text

REPORTS = REPOSITORY / ".cache" / "test"
PROGRESS = re.compile(r"^INFO +(\[\w+ > \w+\] Execut\w+.*)")
LINES_OF_A_FAILURE = 80
LINES_WITHOUT_TESTS = 5  # of a failure without a failed test, in the list at the end
LENGTH_OF_A_LINE = 500  # characters, in that list
LANES = 2  # steps that run side by side: as many as two cores take while no test runs out of time
SAMPLE = 4  # a quick run takes every fourth request of molecule/guarantees and every fourth case of molecule/refusals
# They come first, or the end of a run is one of them alone.
LONGEST_CHECKS = {"unit", "sanity", "galaxy-importer", "ansible-lint"}
TESTS_WITH_ANSIBLE = ("tests/unit/modules", "tests/unit/playbooks")
LONGEST_SCENARIOS = ("fleet", "certificates", "packages", "refusals", "tutorial")
IN_CHECK_ONLY = {"galaxy-importer", "sanity"}
"""Other steps lint the same files, and the sanity tests also run with other versions of ansible-core."""


@dataclass(frozen=True)
class Step:
    """One command, and what it proves.

    :param reports: the command runs pytest, whose report tells the single tests; otherwise it counts as one check.
    """

    name: str
    argv: Sequence[str]
    reports: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


def checks() -> list[Step]:
    """What needs no container: the sessions of noxfile.py with the tag ``check``."""
    sessions = _sessions("check")
    names = sorted(sessions, key=lambda name: name not in LONGEST_CHECKS)
    return [Step(name, _session(name), reports="pytest" in sessions[name]) for name in names]


def _sessions(tag: str) -> dict[str, list[str]]:
    """Sessions of noxfile.py with a tag, in their order there -> all tags."""
    listing = [str(BIN / "nox"), "--list", "--json", "--tags", tag]
    printed = subprocess.run(listing, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    return {one["session"]: one["tags"] for one in json.loads(printed)}


def _session(name: str, *arguments: str) -> list[str]:
    return [str(BIN / "nox"), "--session", name, *arguments]


def versions(*, everything: bool) -> list[Step]:
    """The unit and sanity tests with the supported versions of ansible-core, in containers that have their Python.

    :param everything: each version, all unit tests; otherwise the oldest and the newest one, and the unit tests
        that run Ansible.
    """
    names = [name for name in _sessions("version") if name.startswith("units-")]
    numbers = [name.removeprefix("units-") for name in names]
    chosen = numbers if everything else [numbers[0], numbers[-1]]
    tests = ["tests/unit"] if everything else TESTS_WITH_ANSIBLE
    steps = []
    for number in chosen:
        steps.append(Step(f"units-{number}", ["tools/controller.sh", f"units-{number}", *tests], reports=True))
        steps.append(Step(f"sanity-{number}", ["tools/controller.sh", f"sanity-{number}"]))
    return steps


def images(*, everything: bool) -> Step:
    """The test hosts' images: those that scenarios name, every system's edge, and real applications for all tests."""
    named = set()
    for name in scenarios():
        text = (REPOSITORY / "molecule" / name / "molecule.yml").read_text(encoding="utf-8")
        named |= set(re.findall(r"image: nginx-edge/(\S+)", text))
    named |= {f"edge:{suite}" for suite in SYSTEMS} | ({"applications:trixie"} if everything else set())
    return Step("images", ["tests/hosts/build.sh", *sorted(named)])


def container_tests(*, everything: bool) -> list[Step]:
    """What takes real hosts: every molecule scenario, and the real nginx over golden cases and drawn models.

    :param everything: every host of every scenario; otherwise without those that ``tests/quick.yml`` leaves out, and
        with a sample of the requests of ``molecule/guarantees``, of the cases of ``molecule/refusals``, and of the
        recipes for applications.
    """
    sample = {} if everything else {"NGINX_EDGE_SAMPLE": str(SAMPLE)}
    molecule = {} if everything else {"MOLECULE_GLOB": quick.make(), **sample}
    return [
        *(Step(f"molecule {name}", _session("molecule", "--", name), True, molecule) for name in scenarios()),
        Step("golden cases and drawn models through nginx -t", _session("containers"), True, sample),
    ]


def scenarios() -> list[str]:
    """Names of the molecule scenarios, in the order in which they run."""
    names = {path.parent.name for path in (REPOSITORY / "molecule").glob("*/molecule.yml")}
    return [*LONGEST_SCENARIOS, *sorted(names - {*LONGEST_SCENARIOS})]


def run_side_by_side(steps: Sequence[Step]) -> list[Part]:
    """Run steps in their order, each as soon as a lane is free; the parts come in the order of the steps."""
    with ThreadPoolExecutor(LANES) as pool:
        return list(pool.map(run, steps))


def run(step: Step) -> Part:
    """Run a step, show that it goes on, and show its end where it failed."""
    log, report = REPORTS / f"{_slug(step)}.log", _report(step)
    report.unlink(missing_ok=True)
    environment = {**os.environ, **step.environment, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    if step.reports:
        environment["PYTEST_ADDOPTS"] = f"--junitxml={report}"
    print(f"▸ {step.name}", flush=True)
    started = time.monotonic()
    code = _logged(step.argv, log, environment)
    seconds = time.monotonic() - started
    passed, failed = _counts(report) if step.reports else (0, 0)
    if code != 0 and failed == 0:
        failed = 1  # it failed before, beside or without its tests
    if code == 0 and passed + failed == 0:
        passed, failed = (0, 1) if step.reports else (1, 0)  # a runner that ran no test has not passed
    if failed:
        print("\n".join(log.read_text(errors="replace").splitlines()[-LINES_OF_A_FAILURE:]))
    print(f"  {'✘' if failed else '✔'} {step.name}: {passed} passed, {failed} failed, {seconds:.0f} s", flush=True)
    notes = [f"{_title(test)}: {told}" for test, told in _told([report], "note")] if step.reports else []
    for note in notes:
        print(f"    {note}", flush=True)
    failed_tests = failures([report]) if step.reports else []
    if failed and not failed_tests:
        failed_tests = log.read_text(errors="replace").split("\n")[-LINES_WITHOUT_TESTS:]
    return Part(step.name, passed, failed, seconds, notes, [_short(one) for one in failed_tests])


def _report(step: Step) -> Path:
    return REPORTS / f"{_slug(step)}.xml"


def _slug(step: Step) -> str:
    return re.sub(r"\W+", "-", step.name)


def _logged(argv: Sequence[str], log: Path, environment: Mapping[str, str]) -> int:
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            argv,
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            file.write(line)
            file.flush()
            if progress := PROGRESS.match(line) or re.match(r"(image .*)", line):
                print(f"  {progress[1]}", flush=True)
    return process.returncode


def _counts(report: Path) -> tuple[int, int]:
    """Passed and failed tests of a pytest report; a skipped one counts as failed, for nothing is skipped here."""
    if not report.exists():
        return 0, 0
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314 - pytest wrote it just now
    total = failed = 0
    for suite in suites:
        total += int(suite.get("tests", 0))
        failed += sum(int(suite.get(kind, 0)) for kind in ("failures", "errors", "skipped"))
    return total - failed, failed


def _told(reports: Sequence[Path], name: str) -> list[tuple[str, str]]:
    """What tests tell of themselves in their reports, as properties of that name: test and value."""
    found: list[tuple[str, str]] = []
    for report in reports:
        if report.exists():
            for test in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it just now
                told = (one.get("value", "") for one in test.iter("property") if one.get("name") == name)
                found += [(test.get("name", ""), value) for value in told]
    return found


def failures(reports: Sequence[Path]) -> list[str]:
    """What failed in pytest's reports, a line for each: the test, and the beginning of its error."""
    found: list[str] = []
    for report in reports:
        if report.exists():
            for test in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it just now
                for kind in ("failure", "error", "skipped"):
                    found += [f"{_place(test)}: {one.get('message', '')}" for one in test.iter(kind)]
    return found


def _place(test: ElementTree.Element) -> str:
    return f"{test.get('classname', '').replace('.', '/')}.py::{test.get('name', '')}"


def _short(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= LENGTH_OF_A_LINE else f"{line[:LENGTH_OF_A_LINE]} …"


def _title(test: str) -> str:
    """``test_authority_down[trixie]`` -> ``authority down, trixie``."""
    name, _bracket, parameters = test.removeprefix("test_").rstrip("]").partition("[")
    return ", ".join(filter(None, (name.replace("_", " "), parameters)))


def print_shown(kind: str, reports: Sequence[Path], *, everything: bool) -> Part:
    """Print the table of features or cases; the result counts those that must be shown, and were not.

    :param everything: on every system that can; otherwise on one of them at least. And write the page of docs/.
    """
    catalogue, shown = read_catalogue(kind), collect(reports, kind)
    print(f"▸ {kind}s\n{as_text(catalogue, shown, everything=everything)}")
    if everything:
        write_shown(catalogue, shown)
    failed = len(missing_required(catalogue, shown) if everything else not_shown(catalogue, shown))
    wanted = sum(1 for entry in catalogue.all if entry.required)
    return Part(f"{kind}s", wanted - failed, failed, 0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.testrun", description=__doc__)
    parser.add_argument("what", choices=("check", "test", "all"))
    what = parser.parse_args().what
    REPORTS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    everything = what == "all"
    if what == "check":
        quick_steps, slow_steps = checks(), []
    else:
        quick_steps = [images(everything=everything), *(step for step in checks() if step.name not in IN_CHECK_ONLY)]
        slow_steps = container_tests(everything=everything)
    repeated = [] if what == "check" else versions(everything=everything)
    steps = quick_steps + slow_steps
    # The longest steps come first, and the last ones are short, so that both lanes end together.
    first = len(LONGEST_SCENARIOS)
    parts = run_side_by_side(quick_steps) + run_side_by_side([*slow_steps[:first], *repeated, *slow_steps[first:]])
    reports = [report for step in steps if step.reports and (report := _report(step)).exists()]
    if what != "check":
        parts += [print_shown(kind, reports, everything=everything) for kind in KINDS]
    if everything:
        write_faults(reports, in_units=sum(int(number) for _test, number in _told(reports, "faults")))
        write_results(parts)
    failed = sum(one.failed for one in parts)
    for one in parts:
        if one.failed:
            print(f"✘ {one.name}")
        for failure in one.failures:
            print(f"  {failure}")
        for note in one.notes:
            print(f"  {one.name}: {note}")
    print(f"make {'test-all' if everything else what} took {time.monotonic() - started:.0f} s")
    print(f"{sum(one.passed for one in parts)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
