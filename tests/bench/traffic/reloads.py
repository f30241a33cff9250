# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on an edge: reloads nginx as the role does, under each load in turn.

Reads one JSON object from standard input:

- ``loads``: name -> ``command`` of the client, which may be empty, ``seconds``, and ``repeat``, whether to start the
  command again until these seconds have passed; and ``beside``, the command of a second client, which may be missing;
- ``rounds``: their number.

Prints a JSON line for each reload: ``proven``, seconds until it was proven; ``gone``, seconds until the old workers had
ended; ``during``, whether the load still ran when the reload was proven; and what the clients printed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from processes import parents

COMMAND = Path("/usr/local/sbin/nginx-edge")
BEFORE = 2.0
"""Seconds of load before the reload."""
PATIENCE = 120.0
TIMED_OUT = 124
"""Exit code, as that of timeout(1)."""
POLL = 0.02


def import_library() -> None:
    """Make the library of the installed command importable, as the command itself does."""
    found = re.search(r'^sys\.path\.insert\(0, "(.+)"\)$', COMMAND.read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit(f"{COMMAND} does not name its library")
    sys.path.insert(0, found[1])


class Client:
    """A load in the background.

    :param asked: its description; without a command, there is no load.
    """

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self._asked = asked
        self.printed: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        if not self._asked.get("command"):
            return
        end = time.monotonic() + self._asked["seconds"]
        while True:
            command = self._asked["command"]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
            except subprocess.TimeoutExpired:
                self.printed.append({"code": TIMED_OUT, "out": "", "err": f"no result within {PATIENCE:g} s"})
                return
            self.printed.append({"code": done.returncode, "out": done.stdout, "err": done.stderr[-1000:]})
            if not self._asked.get("repeat") or done.returncode or time.monotonic() > end:
                return

    @property
    def runs(self) -> bool:
        return self._thread.is_alive()

    def wait(self) -> None:
        self._thread.join()


def reload_once(asked: Mapping[str, Any]) -> dict[str, Any]:
    """One reload under a load."""
    from nginx_edge.generations.reload import reload_and_prove  # noqa: PLC0415 - the path is known now
    from nginx_edge.generations.transaction import locked  # noqa: PLC0415
    from nginx_edge.host.local import LocalHost  # noqa: PLC0415
    from nginx_edge.host.paths import Layout  # noqa: PLC0415
    from nginx_edge.nginx.service import master_pid, worker_pids  # noqa: PLC0415

    host, layout = LocalHost(), Layout()
    master = master_pid(host)
    if master is None:
        raise SystemExit("nginx does not run")
    old = worker_pids(host, master)
    client, beside = Client(asked), Client({**asked, "command": asked.get("beside"), "repeat": False})
    time.sleep(BEFORE)
    started = time.monotonic()
    with locked(host, layout):
        reload_and_prove(host, layout, timeout=60, keep=5)
    proven, during = time.monotonic() - started, client.runs
    while old & parents().keys() and time.monotonic() - started < PATIENCE:
        time.sleep(POLL)
    gone = time.monotonic() - started
    client.wait()
    beside.wait()
    told = {"client": client.printed, "beside": beside.printed}
    return {"proven": proven, "gone": gone, "during": during, "workers": len(old), **told}


def main() -> None:
    asked = json.load(sys.stdin)
    import_library()
    for number in range(asked["rounds"]):
        for name, load in asked["loads"].items():
            print(json.dumps({"round": number, "load": name, **reload_once(load)}), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
