# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on an edge, with the core that the edge has: changes what it serves, and dies at one effect of the change.

``change TEXT`` makes the sites answer with another text, as a run of the playbook would; ``reload`` and ``rollback`` do
as their modules do. With ``--until LABEL`` the process is killed behind the effect with that label. ``kills CHANGE``
makes that change again and again, killed before each of its effects in turn, and tells what was there after each.

Prints JSON. Python of the host, standard library.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(next(Path("/usr/local/lib/nginx-edge").iterdir())))

from nginx_edge.generations.content import PLACEHOLDER, Content  # type: ignore[import-not-found]
from nginx_edge.generations.overview import read_overview  # type: ignore[import-not-found]
from nginx_edge.generations.reload import answering_generation, reload_and_prove, status  # type: ignore[import-not-found]
from nginx_edge.generations.store import (  # type: ignore[import-not-found]
    WRITTEN,
    live_name,
    read_manifest,
    running_name,
)
from nginx_edge.generations.transaction import deploy, locked, older_generation, roll_back  # type: ignore[import-not-found]
from nginx_edge.host.errors import EdgeError  # type: ignore[import-not-found]
from nginx_edge.host.local import LocalHost  # type: ignore[import-not-found]
from nginx_edge.host.packing import unpacked  # type: ignore[import-not-found]
from nginx_edge.host.paths import Layout  # type: ignore[import-not-found]
from nginx_edge.nginx.program import PLACES  # type: ignore[import-not-found]

EFFECTS = ("run", "mkdir", "write", "sync_filesystem", "fsync_dir", "symlink", "rename", "remove", "lock", "get")
LAYOUT = Layout()
TIMEOUT = 15.0
REFUSED = {
    "zone": ("limit_req_zone $edge_client", "limit_req_zone $uri"),
    "cache": ("proxy_cache_path /var/cache/nginx-edge/", "proxy_cache_path /var/cache/nginx-edge/moved-"),
}
"""Under an old name another key or path: what is there, and what takes its place."""
SITE = socket.gethostname().replace("faults-", "") + ".test"
TLS = ssl._create_unverified_context()  # noqa: S323 - the pair is self-signed
_TEXT = re.compile(r'return 200 "[^"]*";')


class DyingHost(LocalHost):  # type: ignore[misc]
    """This machine, on which the process is killed before effect number ``at`` (from 0), or behind one with a label.

    :param torn: where that effect writes a file, half of it is written.
    :param ahead: seconds by which its clock is wrong.
    """

    def __init__(
        self, at: int | None = None, until: str | None = None, *, torn: bool = False, ahead: float = 0.0
    ) -> None:
        self.at, self.until, self.torn, self.ahead = at, until, torn, ahead
        self.refused: str | None = None
        self.timeout = TIMEOUT
        self.labels: list[str] = []
        for name in EFFECTS:
            setattr(self, name, self._counted(name, getattr(super(), name)))

    def now(self) -> float:
        return float(super().now()) + self.ahead

    def _counted(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            label = _label(name, arguments)
            if len(self.labels) == self.at:
                if self.torn and name == "write":
                    label += ", half of it"
                    path, data = arguments[:2]
                    method(path, data[: len(data) // 2], durable=False)
                sys.stderr.write(label)
                sys.stderr.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            self.labels.append(label)
            done = method(*arguments, **options)
            if self.until == label:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return call


def _label(name: str, arguments: tuple[Any, ...]) -> str:
    """An effect in words that are the same for every generation: ``rename nginx.conf``, ``run kill -HUP``."""
    if name == "run":
        return "run " + " ".join(arguments[0][:2])
    return f"{name} {os.path.basename(arguments[-1] if name in ('rename', 'symlink') else str(arguments[0]))}"


def change(host: DyingHost, text: str) -> bool:
    """What a run does: deploy, and the handler where something changed or was left undone. Whether there was any."""
    outcome = deploy(host, LAYOUT, variant(text, refused=host.refused), check=False, allow_restart=False)
    if not outcome.changed and set(status(host, LAYOUT).values()) == {outcome.name}:
        return False
    with locked(host, LAYOUT):
        reload_and_prove(host, LAYOUT, timeout=host.timeout, keep=4, expected=outcome.name)
    return True


def reload(host: DyingHost, _text: str) -> bool:
    with locked(host, LAYOUT):
        reload_and_prove(host, LAYOUT, timeout=host.timeout, keep=4)
    return True


def rollback(host: DyingHost, text: str) -> bool:
    return bool(roll_back(host, LAYOUT, text or None, check=False, timeout=host.timeout, keep=4).changed)


CHANGES: dict[str, Callable[[DyingHost, str], bool]] = {"change": change, "reload": reload, "rollback": rollback}


def variant(text: str, *, refused: str | None = None) -> Content:
    """What was proven last, with another text in its answers; ``refused`` names what nginx refuses at its reload."""
    host = LocalHost()
    name = running_name(host, LAYOUT)
    manifest = read_manifest(host, LAYOUT, name)
    files = {}
    for path, written in unpacked(host.read(f"{LAYOUT.folder(name)}/{WRITTEN}")).items():
        now = written.replace(name, PLACEHOLDER)
        files[path] = _TEXT.sub(f'return 200 "{text}";', now) if path.startswith("sites/") else now
    if refused:
        files = {path: now.replace(*REFUSED[refused]) for path, now in files.items()}
    digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:16]
    places = json.loads(host.read(f"{LAYOUT.folder(name)}/{PLACES}"))
    return Content(files, digest, manifest.status_port, manifest.version, "faults", manifest.facts, places)


def served() -> str:
    """What a client gets over a fresh connection: the text, or what went wrong."""
    connection = http.client.HTTPConnection(SITE, timeout=5)
    try:
        plain = socket.create_connection(("127.0.0.1", 443), timeout=5)
        connection.sock = TLS.wrap_socket(plain, server_hostname=SITE)
        connection.request("GET", "/text")
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else f"status {answer.status}"
    except OSError as error:
        return f"failed: {error}"
    finally:
        connection.close()


def state() -> dict[str, Any]:
    """The edge as it stands."""
    host = LocalHost()
    tested = subprocess.run(["/usr/sbin/nginx", "-t"], capture_output=True, check=False)
    return {
        "served": served(),
        "sound": tested.returncode == 0,
        "live": live_name(host, LAYOUT),
        "running": running_name(host, LAYOUT),
        "answers": answering_generation(host, 8090),
        "back": read_overview(host, LAYOUT).back,
    }


def attempt(what: str, text: str, host: DyingHost) -> dict[str, Any]:
    """Do it, and tell how it ended."""
    try:
        changed = CHANGES[what](host, text)
    except (EdgeError, OSError) as error:
        return {"code": 1, "told": str(error), "changed": True}
    return {"code": 0, "told": "", "changed": changed}


class Watch(threading.Thread):
    """Asks over fresh connections all the time, and keeps what was answered."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.count = 0
        self.failures: list[str] = []
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            answer = served()
            self.count += 1
            if answer.startswith(("failed", "status")):
                self.failures.append(answer)
            time.sleep(0.1)  # the edge is to be watched, and not to be kept busy

    def end(self) -> dict[str, Any]:
        self._done.set()
        self.join()
        return {"requests": self.count, "failures": self.failures}


def watched_until(stop: Path) -> dict[str, Any]:
    """Watch until there is a file of that name."""
    watch = Watch()
    watch.start()
    while not stop.exists():
        time.sleep(0.1)
    return watch.end()


def killed_child(what: str, text: str, at: int, *, torn: bool) -> str | None:
    """Do it in a process that is killed before effect number ``at``; that effect, or None when it ended before."""
    argv = [sys.executable, __file__, what, text, "--at", str(at), *(["--torn"] if torn else [])]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode == -signal.SIGKILL else None


def kills(what: str, prefix: str) -> dict[str, Any]:
    """Killed before each effect in turn, and with each file half written; behind each kill the same to its end."""
    watch = Watch()
    watch.start()
    found, at, torn, before = [], 0, False, state()
    while True:
        back = older_generation(LocalHost(), LAYOUT, before["live"], None).name if what == "rollback" else ""
        text = back or f"{prefix} {at}{' torn' if torn else ''}"
        label = killed_child(what, text, at, torn=torn)
        if label is None:
            break
        after = state()
        again, end = attempt(what, text, DyingHost()), state()
        found.append({"label": label, "wanted": text, "before": before, "after": after, "again": again, "end": end})
        before = end
        torn = label.startswith("write") and not torn
        at += 0 if torn else 1
    return {"kills": found, "watch": watch.end()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=(*CHANGES, "kills", "state", "watch"))
    parser.add_argument("text", nargs="?", default="")
    parser.add_argument("--until", help="label of the effect behind which the process is killed")
    parser.add_argument("--at", type=int, help="number of the effect before which the process is killed")
    parser.add_argument("--torn", action="store_true", help="that effect writes half of its file")
    parser.add_argument("--ahead", type=float, default=0.0, help="seconds by which the clock is wrong")
    parser.add_argument("--prefix", default="text")
    parser.add_argument("--refused", choices=REFUSED, help="change what no reload takes as well")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds for the proof")
    options = parser.parse_args()
    if options.what == "kills":
        told = kills(options.text, options.prefix)
    elif options.what == "state":
        told = state()
    elif options.what == "watch":
        told = watched_until(Path(options.text))
    else:
        host = DyingHost(options.at, options.until, torn=options.torn, ahead=options.ahead)
        host.refused, host.timeout = options.refused, options.timeout
        watch = Watch()
        if options.at is None:
            watch.start()
        told = attempt(options.what, options.text, host)
        if options.at is None:
            told.update(watch.end())
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
