# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with nginx for unit tests: a real folder and a simulated nginx."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Facts
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import live_name
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Layout
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.sockets import Listener

VERSION_OUTPUT = """nginx version: nginx/1.26.3
built with OpenSSL 3.5.0 8 Apr 2025
TLS SNI support enabled
configure arguments: --with-cc-opt='-g -O2' --with-http_v3_module
"""
MASTER = 100
STOCK = b"# as the package ships it\n"
WEB = Facts((Listener("0.0.0.0", 80, False), Listener("0.0.0.0", 443, False)), 443)
"""The facts about a configuration that listens on the ports 80 and 443."""


class EdgeHost(LocalHost):
    """A folder as /etc/nginx, and an nginx that goes by words in the text: ``refused at test``, ``refused at reload``,
    ``warned of``.

    Without ``systemd`` nginx is spoken to directly; it does not follow the signals that it ``ignores``. Its master has
    the dynamic modules ``loaded``, and libraries that were ``replaced`` on disk. Its clock is ``set_ahead`` by so many
    seconds. At their test it ``refuses`` the generations of these names.

    :param root: folder of the simulated machine.
    """

    def __init__(self, root: Path) -> None:
        self.layout = Layout(
            root=str(root / "nginx"),
            lock=str(root / "lock"),
            sandbox=str(root / "sandbox.conf"),
            log_rotation=str(root / "log-rotation"),
        )
        self.taken: set[int] = set()
        self.commands: list[Sequence[str]] = []
        self.clock = 1000.0
        self.set_ahead = 0.0
        self.systemd = True
        self.open_files = "65536"
        self.limits: list[tuple[Sequence[str], int | None]] = []
        self.master: int | None = MASTER
        self.ignores: set[str] = set()
        self.refuses: set[str] = set()
        self.refused_by = MASTER
        self.zombies: set[int] = set()
        self.loaded: set[str] = set()
        self.replaced: list[str] = []
        self._workers = [101]
        self._log = b""
        os.makedirs(self.layout.root)
        Path(self.layout.conf).write_bytes(STOCK)
        self.memory = STOCK.decode()
        self.answers: str | None = None

    def conf_text(self, conf: str) -> str:
        """All text that nginx would read for a main file."""
        folder = Path(os.path.realpath(conf)).parent
        if folder == Path(self.layout.root):
            return Path(conf).read_text(encoding="utf-8")
        return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.conf")))

    def run_nginx(self, argv: Sequence[str], *, open_files: int | None) -> Completed:
        self.limits.append((argv, open_files))
        return self.run(argv)

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120.0
    ) -> Completed:
        self.commands.append(argv)
        if list(argv) == ["nginx", "-V"]:
            return Completed(argv, 0, "", VERSION_OUTPUT)
        if list(argv[:2]) == ["nginx", "-t"]:
            if "refused at test" in self.conf_text(argv[3]) or argv[3].split("/")[-2] in self.refuses:
                line = f"nginx: [emerg] refused at test in {argv[3]}:1\n"
                return Completed(argv, 1, "", line)
            if "warned of" in self.conf_text(argv[3]):
                return Completed(argv, 0, "", f"nginx: [warn] warned of in {argv[3]}:1\n")
            return Completed(argv, 0, "", "syntax is ok\n")
        if list(argv[:2]) == ["nginx", "-s"] and argv[2] in ("quit", "stop"):
            self._end(argv[2])
        elif list(argv) == ["nginx"]:
            return self._start(argv)
        elif argv[0] in ("nginx", "systemctl", "kill"):
            self._reload()
        return Completed(argv, 0, "", "")

    def _end(self, word: str) -> None:
        """The master's parent is not there to reap it: what is left is a zombie."""
        if word not in self.ignores and self.master is not None:
            self.zombies.add(self.master)
            self.master = None
            self.answers = None

    def _start(self, argv: Sequence[str]) -> Completed:
        text = self.conf_text(self.layout.conf)
        if self.master is not None or "refused at" in text:
            return Completed(argv, 1, "", "nginx: [emerg] refused at start in x.conf:1\n")
        self.master = max({MASTER, *self.zombies}) + 100
        self._reload()
        return Completed(argv, 0, "", "")

    def _reload(self) -> None:
        """As the real one: returns success, and keeps the old workers when it cannot take the configuration."""
        text = self.conf_text(self.layout.conf)
        if "refused at" in text:
            self._log += f"2026/01/01 00:00:00 [emerg] {self.refused_by}#100: refused at reload in x.conf:1\n".encode()
            return
        self.memory = text
        self.answers = live_name(self, self.layout)
        self._workers = [self._workers[-1] + 1]

    def get(self, url: str, timeout: float = 1.0) -> str | None:
        return f"{self.answers}\n" if self.answers else None

    def size(self, path: str) -> int:
        return len(self.read(path) or b"")

    def read_from(self, path: str, position: int) -> bytes:
        return (self.read(path) or b"")[position:]

    def read(self, path: str) -> bytes | None:
        if path == f"/proc/{self.master}/maps":
            loaded = [f"/usr/lib/nginx/modules/{name}.so" for name in self.loaded]
            replaced = [f"{path} (deleted)" for path in self.replaced]
            head = "7f1c8a000000-7f1c8a200000 r-xp 00000000 fe:01 263        "
            return "".join(f"{head}{path}\n" for path in (*loaded, *replaced)).encode()
        if path == "/run/nginx.pid":
            # Who is killed leaves the file behind.
            return f"{self.master or max(self.zombies)}\n".encode()
        if path.startswith("/proc/") and path.endswith(("/comm", "/stat")):
            return self._process(int(path.split("/")[2]), path.rpartition("/")[2])
        if path == f"/proc/{self.master}/limits":
            return (
                f"Limit   Soft Limit   Hard Limit   Units\nMax open files   {self.open_files}   524288   files".encode()
            )
        if path.startswith("/proc/net/"):
            return b"header\n"
        return self._log if path == "/var/log/nginx/error.log" else super().read(path)

    def _process(self, pid: int, file: str) -> bytes | None:
        if pid in self._workers:
            state, parent = "S", self.master
        elif pid == self.master:
            state, parent = "S", 1
        elif pid in self.zombies:
            state, parent = "Z", 1
        else:
            return None
        return b"nginx\n" if file == "comm" else f"{pid} (nginx) {state} {parent} 1 1".encode()

    def listdir(self, path: str) -> list[str]:
        if path == "/proc":
            return [str(pid) for pid in self._workers]
        return [] if path.startswith("/proc/") else super().listdir(path)

    def exists(self, path: str) -> bool:
        return self.systemd if path == "/run/systemd/system" else super().exists(path)

    def try_bind(self, address: str, port: int, *, udp: bool) -> str | None:
        return "Address already in use" if port in self.taken else None

    def write(
        self, path: str, data: bytes, mode: int = 0o640, *, durable: bool = True, readers: str | None = None
    ) -> None:
        super().write(path, data, mode, durable=durable)  # this machine may have no such account

    def now(self) -> float:
        self.clock += 0.01
        return self.clock + self.set_ahead

    def monotonic(self) -> float:
        self.clock += 0.01
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def sync_filesystem(self, path: str) -> None:
        self.commands.append(["sync", path])
