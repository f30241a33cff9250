# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of servers under a load, with ``perf`` of this machine; none if the machine does not have it."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from .edge_host import PREFIX, WORK
from .machine import commit, today
from .record import Profile
from .results import Say
from .traffic_agent import Load, Question, answers

NAME = "profile"
HERTZ = 499
SECONDS = 4
LOAD_SECONDS = 10
PATIENCE = 30.0
ROWS = 15
LINE = re.compile(r"^\s*([\d.]+)%?\s*\|\s*\[(.)\]\s*(.+?)\s*\|\s*([^\s|]+)\s*(?:\|.*)?$", re.MULTILINE)
"""Some versions of perf print more columns at the end."""
WITHOUT_SYMBOL = "functions without a symbol"
KERNEL = "k"


class ProfileError(Exception):
    """A program cannot be profiled; the message says why."""


def record(loads: Mapping[str, Load], question: Question, say: Say) -> tuple[Profile, ...]:
    """Profile each candidate of each load, one after the other. A profile that fails is reported, and left out.

    :param loads: what to profile: name -> load, with the candidates.
    :param question: the files and candidates.
    """
    if shutil.which("perf") is None:
        say("no profiles: this machine has no perf")
        return ()
    found = []
    for name, load in loads.items():
        for candidate in load.candidates:
            one = replace(load, command=lengthened(load.command), candidates=(candidate,))
            say(f"profile: {name}, {candidate}")
            try:
                printed = _profile(replace(question, loads={name: one}, rounds=1))
                rows = rows_of(printed)
            except (ProfileError, RuntimeError) as error:
                say(f"no profile: {error}")
                continue
            found.append(Profile(candidate, name, today(), commit(), rows))
    return tuple(found)


def lengthened(command: Sequence[str]) -> tuple[str, ...]:
    """The command of a load that lasts as long as a profile takes."""
    if command[1].endswith("handshakes.py"):
        return (*command[:3], str(LOAD_SECONDS), *command[4:])
    if any(re.fullmatch(r"-n\d+", word) for word in command):
        # A server may limit the requests of a connection, so more requests would end the load early.
        return ("timeout", str(LOAD_SECONDS), "sh", "-c", 'while "$@"; do :; done', "sh", *command)
    return tuple(re.sub(r"^-d\d+$", f"-d{LOAD_SECONDS}", word) for word in command)


def rows_of(printed: str) -> tuple[tuple[float, str, str], ...]:
    """Percent, function and file of the lines with the largest shares that ``perf report`` prints.

    Addresses without a symbol count together for each file.

    :raises ProfileError: it printed none.
    """
    shares: dict[tuple[str, str], float] = {}
    for percent, level, name, file in LINE.findall(printed):
        shown = WITHOUT_SYMBOL if name.startswith("0x") else name
        key = (shown, "kernel" if level == KERNEL else Path(file).name)
        shares[key] = shares.get(key, 0.0) + float(percent)
    if not shares:
        raise ProfileError(f"perf report printed no function: {printed[-300:]}")
    ordered = sorted(shares.items(), key=lambda item: item[1], reverse=True)
    return tuple((share, name, file) for (name, file), share in ordered[:ROWS])


def _profile(question: Question) -> str:
    """Ask the agent for a single load, and record meanwhile; return the report."""
    load = next(iter(question.loads.values()))
    candidate = question.candidates[load.candidates[0]]
    path = next(word for word in candidate["command"] if word.startswith("/etc/"))

    def serve() -> None:
        with contextlib.suppress(RuntimeError, OSError):  # the container is stopped below
            list(answers(NAME, question))

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        return _record(path, load.command)
    finally:
        subprocess.run(("docker", "stop", "--time=1", f"{PREFIX}{NAME}"), capture_output=True, check=False)
        serving.join()


def _record(path: str, command: Sequence[str]) -> str:
    _wait_for_load(" ".join(command[:4]))
    pids = list(servers(_top(), path))
    if not pids:
        raise ProfileError(f"no process runs with {path}")
    data = str(WORK / "perf.data")
    listed = ",".join(map(str, pids))
    _perf("record", f"-F{HERTZ}", "-o", data, "-p", listed, "--", "sleep", str(SECONDS))
    return _perf("report", "-i", data, "--stdio", "-t", "|", "--sort", "symbol,dso")


def _perf(*arguments: str) -> str:
    done = subprocess.run(("perf", *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProfileError(f"perf {arguments[0]} failed: {done.stderr.strip()[-300:]}")
    return done.stdout


def _wait_for_load(beginning: str) -> None:
    """Wait until the load runs, after its warm-up; it is known by the beginning of its command."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if any(words.startswith(beginning) for _pid, _parent, words in _top()):
            time.sleep(1)
            return
        time.sleep(0.2)
    raise ProfileError(f"this load does not run: {beginning}")


def _top() -> list[tuple[int, int, str]]:
    """Process, parent and command of the processes in the container, by their ids on this machine."""
    command = ("docker", "top", f"{PREFIX}{NAME}", "-eo", "pid,ppid,args")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (line.split(None, 2) for line in done.stdout.splitlines()[1:])
    return [(int(pid), int(parent), words) for pid, parent, words in lines]


def servers(processes: Sequence[tuple[int, int, str]], path: str) -> Iterator[int]:
    """The processes of the program that was started with a configuration, and their children."""
    masters = {pid for pid, _parent, words in processes if path in words and "python" not in words}
    yield from sorted(masters | {pid for pid, parent, _words in processes if parent in masters})
