# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of a benchmark while its rounds run."""

from __future__ import annotations

import statistics

from .controller_calls import Calls
from .controller_runs import Run
from .results import Measurement

SECONDS, CPU, MEMORY = "seconds", "controller CPU s", "controller peak MiB"
CALLS, COMMANDS, MODULE_SECONDS, TASK_SECONDS = (
    "module calls",
    "commands on the host",
    "seconds in module calls",
    "seconds of the slowest tasks",
)
OWN, PING, EMPTY_PLAY = "edge", "ping", "empty play"
SLOWEST = 5


class Values:
    """Values by subject, candidate and metric, in the order in which these came first."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], list[float]] = {}

    def add(self, subject: str, candidate: str, metric: str, value: float) -> None:
        """Add the value of a round."""
        self._found.setdefault((subject, candidate, metric), []).append(value)

    def add_run(self, subject: str, candidate: str, run: Run) -> None:
        """Add what a run cost; of a ping and an empty play, not the memory."""
        self.add(subject, candidate, SECONDS, run.seconds)
        self.add(subject, candidate, CPU, run.cpu_seconds)
        if candidate not in (PING, EMPTY_PLAY):
            self.add(subject, candidate, MEMORY, run.peak_mebibytes)

    def add_calls(self, subject: str, host: str, calls: Calls) -> None:
        """Add what a recorded run executed on a host, and its slowest tasks."""
        self.add(subject, OWN, CALLS, calls.count(host))
        self.add(subject, OWN, COMMANDS, calls.commands.get(host, 0))
        self.add(subject, OWN, MODULE_SECONDS, sum(call.seconds for call in calls.modules if call.host == host))
        for task, seconds in calls.slowest(SLOWEST):
            self.add(subject, task, TASK_SECONDS, seconds)

    def median(self, subject: str, candidate: str, metric: str) -> float | None:
        """The median; None if there is no value."""
        found = self._found.get((subject, candidate, metric))
        return statistics.median(found) if found else None

    def ratio(self, subject: str, candidate: str, other: str, metric: str = SECONDS) -> float | None:
        """The median of a candidate to that of another one; None if one of them has no value, or the other one is 0."""
        own, to = self.median(subject, candidate, metric), self.median(subject, other, metric)
        return own / to if own is not None and to else None

    def measurements(self) -> tuple[Measurement, ...]:
        """All values."""
        return tuple(Measurement(*key, tuple(values)) for key, values in self._found.items())
