# SPDX-License-Identifier: GPL-3.0-or-later
"""The edges of this scenario, and what is done to them."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run, run_site
from ansible_collections.hardened.nginx_edge.tools.reliability import Measured
from ansible_collections.hardened.nginx_edge.tools.traffic import Client

CLIENT = Client("faults-client", timeout=180)
INJECTOR = "/srv/injector.py"
GENERATIONS = "/etc/nginx/generations"
KILLED = 137
EDGE_ALONE, NGINX_ALONE = (str(Path(__file__).parents[1] / f"{role}.yml") for role in ("edge", "nginx"))
T = TypeVar("T")


@dataclass(frozen=True)
class State:
    """An edge as it stands: what a fresh connection gets, whether ``nginx -t`` passes, and names of generations:
    live, running, the one that answers, and the target of a rollback."""

    served: str
    sound: bool
    live: str | None
    running: str | None
    answers: str | None
    back: str | None = None

    @property
    def settled(self) -> bool:
        """Whether what is live was proven and answers."""
        return self.sound and self.live is not None and self.live == self.running == self.answers


@dataclass(frozen=True)
class Done:
    """What became of a change.

    :param code: 0 when it was done, 1 when it was refused, 137 when it was killed.
    :param failures: what fresh connections got meanwhile instead of an answer.
    """

    code: int
    told: str
    failures: tuple[str, ...] = ()
    changed: bool = True

    @property
    def line(self) -> str:
        """What it said, shortly."""
        first, *more = self.told.splitlines() or [""]
        return f"failed: {first}" + (f" … {more[0]}" if more else "") if self.code else "done"


MEASURED: dict[str, Measured] = {}
"""Container -> what its test has measured so far."""


@dataclass(frozen=True)
class Edge:
    """One of the edges."""

    container: str

    @property
    def system(self) -> str:
        return self.container.removeprefix("faults-")

    @property
    def name(self) -> str:
        return f"{self.system}.test"

    @property
    def host(self) -> Client:
        return Client(self.container, timeout=400)

    def sh(self, script: str) -> str:
        return self.host.run("bash", "-ec", script)

    def install_injector(self) -> None:
        text = (Path(__file__).parent / "injector.py").read_text(encoding="utf-8")
        self.host.run("python3", "-c", f"open({INJECTOR!r}, 'w').write({text!r})")

    @property
    def measured(self) -> Measured:
        return MEASURED.setdefault(self.container, Measured())

    def state(self) -> State:
        state = State(**self._told("state"))
        self.measured.sound.append(state.sound)
        return state

    def settled(self, patience: float = 20) -> State:
        """The state, as soon as what is live answers."""
        end = time.monotonic() + patience
        while True:
            state = self.state()
            if state.settled or time.monotonic() > end:
                return state
            time.sleep(0.2)

    def kills(self, what: str, prefix: str) -> dict[str, Any]:
        return self._told("kills", what, "--prefix", prefix)

    def do(self, what: str, text: str = "", *options: str) -> Done:
        """``change``, ``reload`` or ``rollback`` as a run does it, by the core on the host."""
        done = self.host.attempt("python3", INJECTOR, what, text, *options)
        if done.returncode == KILLED:
            return Done(KILLED, "killed")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        told = json.loads(done.stdout)
        self.measured.requests += told.get("requests", 0)
        self.measured.failures += told.get("failures", ())
        return Done(told["code"], told["told"], tuple(told.get("failures", ())), told["changed"])

    def change(self, text: str, *options: str) -> Done:
        return self.do("change", text, *options)

    def again(self, text: str) -> str:
        """What a further run for that text does, in words for the matrix. It has to succeed."""
        done = self.change(text)
        assert (done.code, done.failures, self.state().served) == (0, (), text), done
        return "makes the change" if done.changed else "finds nothing to do"

    @contextlib.contextmanager
    def watched(self) -> Iterator[list[str]]:
        """What fresh connections get meanwhile instead of an answer: a list that is filled at the end."""
        failures: list[str] = []
        self.sh("rm -f /root/stop /root/watched")
        watching = f"nohup python3 {INJECTOR} watch /root/stop > /root/watched 2>&1 </dev/null"
        self.host.run("sh", "-c", f"{watching} & echo $! > /root/watching")
        try:
            yield failures
        finally:
            self.sh("touch /root/stop; tail --pid=$(cat /root/watching) -f /dev/null")
            told = json.loads(self.sh("cat /root/watched"))
            failures += told["failures"] if told["requests"] else ["nothing was asked"]
            self.measured.requests += told["requests"]
            self.measured.failures += failures

    def _told(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.host.run("python3", INJECTOR, *arguments))
        return found


EDGES = tuple(Edge(name) for name in edges()) if "MOLECULE_INVENTORY_FILE" in os.environ else ()


def on_all(what: Callable[[Edge], T]) -> dict[str, T]:
    """Do something on all edges side by side; by system."""
    with ThreadPoolExecutor(len(EDGES)) as pool:
        return dict(zip((edge.system for edge in EDGES), pool.map(what, EDGES)))


@contextlib.contextmanager
def all_watched() -> Iterator[dict[str, list[str]]]:
    """:meth:`Edge.watched` on all edges; by system."""
    with contextlib.ExitStack() as stack:
        yield {edge.system: stack.enter_context(edge.watched()) for edge in EDGES}


def run(folder: Path, text: str, *options: str, playbook: str = EDGE_ALONE) -> Run:
    """A real run, of the role edge unless another playbook is given, that makes the sites answer with a text.

    :param folder: where its variables are written.
    """
    return run_site(*options, variables={"text": text}, folder=folder, playbook=playbook)
