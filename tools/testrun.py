# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the checks and tests, shows progress, and ends with one line: N passed, N failed.

``python3 -m tools.testrun check``: what needs no container. ``test``: everything, within an hour, and a table of what
live traffic showed. ``all``: the same on every system, and the results are written to docs/.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from . import reliability
from .features import as_markdown, as_text, collect, missing_required, read_features

REPOSITORY = Path(__file__).resolve().parents[1]
REPORTS = REPOSITORY / ".cache" / "test"
BIN = REPOSITORY / ".venv" / "bin"
RESULTS = REPOSITORY / "docs" / "test-results.md"
FEATURES = REPOSITORY / "docs" / "features.md"
RELIABILITY = REPOSITORY / "docs" / "reliability.md"
GOLDEN_SUITES = ("bullseye", "bookworm", "trixie", "forky")
PROGRESS = re.compile(r"^INFO +(\[\w+ > \w+\] Execut\w+.*)")
LINES_OF_A_FAILURE = 80


@dataclass(frozen=True)
class Step:
    """One command, and what it proves.

    :param reports: the command runs pytest, whose report tells the single tests; otherwise it counts as one check.
    """

    name: str
    argv: Sequence[str]
    reports: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What came of a step.

    :param notes: what its tests tell of themselves, as properties named ``note`` of their report.
    """

    step: Step
    passed: int
    failed: int
    seconds: float
    notes: Sequence[str] = ()


def checks() -> list[Step]:
    """What needs no container."""
    return [
        Step("ruff", [str(BIN / "ruff"), "check", "."]),
        Step("ruff format", [str(BIN / "ruff"), "format", "--check", "."]),
        Step("mypy", [str(BIN / "mypy")]),
        Step("yamllint", [str(BIN / "yamllint"), "--strict", "."]),
        # It installs the collection into Ansible's home: into one of its own, not into the user's.
        Step(
            "ansible-lint",
            [str(BIN / "ansible-lint"), "--offline"],
            environment={
                "ANSIBLE_HOME": str(REPOSITORY / ".cache" / "ansible-home"),
                "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".cache" / "collections"),
            },
        ),
        Step("shellcheck", ["tools/shellcheck.sh"]),
        Step("unit", [str(BIN / "pytest"), "tests/unit"], reports=True),
        Step("analysers of the golden cases", [str(BIN / "pytest"), "tests/analysers"], reports=True),
        Step("sanity", ["tools/sanity.sh"]),
    ]


def container_tests() -> list[Step]:
    """What takes real hosts: images, the real nginx over golden cases and drawn models, every molecule scenario."""
    images = sorted({*(f"edge:{suite}" for suite in GOLDEN_SUITES), *_images_of_scenarios()})
    molecule = {"NO_COLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
    return [
        Step("images", ["tests/hosts/build.sh", *images]),
        Step("golden cases and drawn models through nginx -t", [str(BIN / "pytest"), "tests/containers"], reports=True),
        *(
            Step(f"molecule {name}", [str(BIN / "molecule"), "test", "--scenario-name", name], True, molecule)
            for name in scenarios()
        ),
    ]


def scenarios() -> list[str]:
    """Names of the molecule scenarios."""
    return sorted(path.parent.name for path in (REPOSITORY / "molecule").glob("*/molecule.yml"))


def _images_of_scenarios() -> set[str]:
    found = set()
    for name in scenarios():
        text = (REPOSITORY / "molecule" / name / "molecule.yml").read_text(encoding="utf-8")
        found |= set(re.findall(r"image: nginx-edge/(\S+)", text))
    return found


def run(step: Step) -> Result:
    """Run a step, show that it goes on, and show its end where it failed."""
    log, report = (REPORTS / f"{_slug(step)}.{kind}" for kind in ("log", "xml"))
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
    notes = _notes(report) if step.reports else ()
    for note in notes:
        print(f"    {note}", flush=True)
    return Result(step, passed, failed, seconds, notes)


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


def tell_features(results: Sequence[Result], *, write: bool) -> Result:
    """Print the table of features; the result counts those that must be shown, and were not.

    :param write: write docs/features.md as well.
    """
    reports = [report for one in results if (report := REPORTS / f"{_slug(one.step)}.xml").exists()]
    features, shown = read_features(), collect(reports)
    print(f"▸ features\n{as_text(features, shown)}")
    if write:
        FEATURES.write_text(as_markdown(features, shown, [_origin(), "", *_systems()]), encoding="utf-8")
    failed = len(missing_required(features, shown))
    return Result(Step("features", ()), sum(bool(one.required) for one in features.all) - failed, failed, 0)


def write_faults(results: Sequence[Result]) -> None:
    """What the edges came through, for docs/."""
    reports = [report for one in results if (report := REPORTS / f"{_slug(one.step)}.xml").exists()]
    page = reliability.as_markdown(reliability.collect(reports), reliability.read_guards(), [_origin()])
    RELIABILITY.write_text(page, encoding="utf-8")


def _notes(report: Path) -> Sequence[str]:
    if not report.exists():
        return ()
    properties = ElementTree.parse(report).getroot().iter("property")  # noqa: S314 - pytest wrote it just now
    return [one.get("value", "") for one in properties if one.get("name") == "note"]


def write_results(results: Sequence[Result]) -> None:
    """The last result of all tests on all systems, for docs/."""
    ansible = _output(str(BIN / "ansible"), "--version").splitlines()[0]
    python = _output(str(BIN / "python"), "--version")
    lines = [
        "# The last run of `make test-all`",
        "",
        _origin(),
        "What traffic showed on which system is in [features.md](features.md).",
        "",
        "| part | passed | failed | seconds |",
        "|---|---|---|---|",
        *(f"| {one.step.name} | {one.passed} | {one.failed} | {one.seconds:.0f} |" for one in results),
        "",
        *_systems(),
        "",
        f"Controller: {ansible}, {python}.",
        "",
    ]
    RESULTS.write_text("\n".join(lines), encoding="utf-8")


def _origin() -> str:
    today = datetime.datetime.now(tz=datetime.timezone.utc).date()
    return f"Written by the run itself on {today}, at commit {_output('git', 'rev-parse', '--short', 'HEAD')}."


def _systems() -> list[str]:
    head = ["| system | nginx | OpenSSL | certbot | Python |", "|---|---|---|---|---|"]
    return [*head, *(_versions(suite) for suite in GOLDEN_SUITES)]


def _versions(suite: str) -> str:
    script = (
        "nginx -v 2>&1 | sed 's,.*/,,'; openssl version | cut -d' ' -f2;"
        " certbot --version 2>&1 | grep -oE '[0-9.]+$'; python3 -c 'import platform; print(platform.python_version())'"
    )
    printed = _output("docker", "run", "--rm", f"nginx-edge/edge:{suite}", "sh", "-c", script)
    return f"| Debian {suite} | {' | '.join(printed.split())} |"


def _output(*argv: str) -> str:
    return subprocess.run(argv, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.testrun", description=__doc__)
    parser.add_argument("what", choices=("check", "test", "all"))
    what = parser.parse_args().what
    REPORTS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    steps = checks() + ([] if what == "check" else container_tests())
    results = [run(step) for step in steps]
    if what != "check":
        results.append(tell_features(results, write=what == "all"))
    if what == "all":
        write_faults(results)
        write_results(results)
    failed = sum(one.failed for one in results)
    for one in results:
        if one.failed:
            print(f"✘ {one.step.name}")
        for note in one.notes:
            print(f"  {one.step.name}: {note}")
    print(f"make {'test-all' if what == 'all' else what} took {time.monotonic() - started:.0f} s")
    print(f"{sum(one.passed for one in results)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
