# SPDX-License-Identifier: GPL-3.0-or-later
"""The container that measures traffic: starts it, asks its agent, and turns the answers into measurements."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .edge_host import PREFIX, REPOSITORY, WORK, EdgeHost, build_images, remove
from .results import Measurement, Say
from .table import number
from .traffic_parse import Outcome, parse

IMAGE = "bench:trixie"
PROGRAMS = REPOSITORY / "tests" / "bench" / "traffic"
MOUNTED = "/bench"
OPTIONS = (
    "--init",
    "--network=none",
    "--add-host=bench.test:127.0.0.1",
    "--cap-add=SYS_PTRACE",  # the memory of a program that has changed its user
    f"--volume={PROGRAMS}:{MOUNTED}:ro",
    "--sysctl=net.unix.max_dgram_qlen=512",  # as systemd sets it; otherwise, a log socket holds ten messages
)
VERSIONS = {
    "nginx": "nginx -v 2>&1 | sed 's,.*/,,'",
    "OpenSSL": "openssl version | cut -d' ' -f2",
    "HAProxy": "haproxy -v | sed -n 's/^HAProxy version \\([^ ]*\\).*/\\1/p'",
    "Caddy": "caddy version | cut -d' ' -f1",
    "wrk": "dpkg-query -W -f '${Version}' wrk",
    "h2load": "h2load --version | cut -d/ -f2",
    "curl": "curl --version | sed -n '1s/curl \\([^ ]*\\).*/\\1/p'",
}


@dataclass(frozen=True)
class Load:
    """A load and how it is measured.

    :param command: of the load generator.
    :param candidates: names of the candidates that are put under it.
    """

    command: tuple[str, ...]
    candidates: tuple[str, ...]
    warm_up: tuple[str, ...]

    @property
    def program(self) -> str:
        return Path(self.command[0]).name


@dataclass(frozen=True)
class Question:
    """What the agent is asked to measure, see tests/bench/traffic/agent.py."""

    files: Mapping[str, str]
    candidates: Mapping[str, Mapping[str, Any]]
    loads: Mapping[str, Load]
    rounds: int
    directories: tuple[str, ...] = ()
    sparse: Mapping[str, int] | None = None

    def as_json(self) -> str:
        loads = {
            name: {"command": load.command, "candidates": load.candidates, "warm_up": load.warm_up}
            for name, load in self.loads.items()
        }
        own = {"files": self.files, "directories": self.directories, "sparse": self.sparse or {}}
        return json.dumps({**own, "candidates": self.candidates, "loads": loads, "rounds": self.rounds})


def answers(name: str, question: Question) -> Iterator[dict[str, Any]]:
    """Ask the agent in a new container, and yield each answer as it comes.

    The programs print their errors to .cache/bench/NAME.log.

    :param name: of the container, without its prefix.
    :raises RuntimeError: the agent failed.
    """
    container = EdgeHost(f"{PREFIX}{name}")
    remove(container)
    command = ("docker", "run", "--rm", "--interactive", f"--name={container.name}", *OPTIONS)
    agent = (f"nginx-edge/{IMAGE}", "python3", f"{MOUNTED}/agent.py")
    log = WORK / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    pipe = subprocess.PIPE
    try:
        with (
            log.open("w", encoding="utf-8") as errors,
            subprocess.Popen((*command, *agent), stdin=pipe, stdout=pipe, stderr=errors, text=True) as process,
        ):
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the container has no pipes")
            process.stdin.write(question.as_json())
            process.stdin.close()
            for line in process.stdout:
                yield json.loads(line)
        if process.returncode:
            raise RuntimeError(f"the agent ended with exit code {process.returncode} (log: {log})")
    finally:
        remove(container)


def versions() -> dict[str, str]:
    """Versions of the programs in the image."""
    script = "; ".join(f'echo "{name}=$({command})"' for name, command in VERSIONS.items())
    command = ("docker", "run", "--rm", "--network=none", f"nginx-edge/{IMAGE}", "sh", "-c", script)
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: version for name, _, version in (line.partition("=") for line in printed.splitlines())}


def build() -> None:
    """Build the image of the container."""
    build_images(IMAGE)


@dataclass(frozen=True)
class Sample:
    """One candidate under one load in one round; without an outcome if the load generator had no result."""

    load: str
    candidate: str
    outcome: Outcome | None
    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    logged: int | None = None
    error: str = ""


def samples(name: str, question: Question, say: Say) -> list[Sample]:
    """Measure, and print each result."""
    found = []
    for answer in answers(name, question):
        one = sample(answer, question.loads[answer["load"]].program)
        found.append(one)
        say(f"round {answer['round'] + 1}/{question.rounds}  {one.load}  {one.candidate}: {_told(one)}")
    return found


def sample(answer: Mapping[str, Any], program: str) -> Sample:
    """An answer of the agent as numbers."""
    load, candidate = answer["load"], answer["candidate"]
    if answer["code"]:
        reason = answer["err"].strip() or answer["out"].strip()
        return Sample(load, candidate, None, error=f"exit code {answer['code']}: {reason}")
    try:
        outcome = parse(program, answer["out"])
    except ValueError as error:
        return Sample(load, candidate, None, error=str(error))
    if not outcome.requests:
        return Sample(load, candidate, None, error=f"no request was answered; {outcome.errors}")
    return Sample(load, candidate, outcome, answer["cpu_seconds"], answer["memory_bytes"], answer["logged"])


def _told(one: Sample) -> str:
    if one.outcome is None:
        return f"no result: {one.error}"
    rate = f"{number(one.outcome.requests / one.outcome.seconds)} requests/s"
    return f"{rate}, {one.outcome.failed} failed: {one.outcome.errors}" if one.outcome.failed else rate


def measurements(found: Sequence[Sample]) -> tuple[Measurement, ...]:
    """The samples of each load, candidate and metric as one measurement with a value for each round."""
    values: dict[tuple[str, str, str], list[float]] = {}
    for one in found:
        for metric, value in metrics(one).items():
            values.setdefault((one.load, metric, one.candidate), []).append(value)
    return tuple(Measurement(load, name, metric, tuple(each)) for (load, metric, name), each in values.items())


def metrics(one: Sample) -> dict[str, float]:
    """Metric -> value of a sample; nothing without an outcome. Failed requests are a metric only if there are any."""
    outcome = one.outcome
    if outcome is None:
        return {}
    told: dict[str, float | None] = {
        "requests/s": outcome.requests / outcome.seconds,
        "CPU us per request": one.cpu_seconds / outcome.requests * 1e6,
        "p50 ms": outcome.p50_ms,
        "p99 ms": outcome.p99_ms,
        "MB/s": outcome.bytes_per_second and outcome.bytes_per_second / 1e6,
        "first byte ms": outcome.first_byte_ms,
        "failed requests": float(outcome.failed) if outcome.failed else None,
        "memory MiB": one.memory_bytes / 1024**2,
        "% of requests in the log": None if one.logged is None else 100 * one.logged / outcome.requests,
    }
    return {metric: value for metric, value in told.items() if value is not None}


def failures(found: Sequence[Sample]) -> tuple[str, ...]:
    """A sentence for each load and candidate with failures."""
    told: dict[tuple[str, str], list[Sample]] = {}
    for one in found:
        if one.outcome is None or one.outcome.failed:
            told.setdefault((one.load, one.candidate), []).append(one)
    return tuple(f"{load}, {name}: {_failed(each)}" for (load, name), each in told.items())


def _failed(each: Sequence[Sample]) -> str:
    count = sum(one.outcome.failed if one.outcome else 0 for one in each)
    without = sum(one.outcome is None for one in each)
    reasons = dict.fromkeys(one.error or (one.outcome.errors if one.outcome else "") for one in each)
    ended = f", {without} rounds without a result" if without else ""
    return f"{count} failed requests{ended} ({'; '.join(filter(None, reasons))[:300]})."
