# SPDX-License-Identifier: GPL-3.0-or-later
"""What an ops team does: install the collection, scaffold a repository, describe the edge, run the playbook."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .terminal import DemoError, say, stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .hosts import Ports

# Not part of the built collection: a change there needs no new installation.
DEVELOPMENT_ONLY = {"tests", "tools", "molecule", "inventory", "docs"}
TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
RECAP = re.compile(
    r"^(?P<host>\S+)\s+:\s+ok=(?P<ok>\d+)\s+changed=(?P<changed>\d+)\s+unreachable=(?P<unreachable>\d+)"
    r"\s+failed=(?P<failed>\d+)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Recap:
    ok: int
    changed: int
    line: str


class Ops:
    """The ops team's repository of the demo."""

    def __init__(self, repository: Path, directory: Path) -> None:
        self.repository = repository
        self.directory = directory
        self.home = directory / "ops"
        self.collections = self.home / "collections"

    def install_collection(self) -> None:
        stamp = self.directory / "collection.sha256"
        digest = self._tree_digest()
        installed = self.collections / "ansible_collections" / "hardened" / "nginx_edge" / "MANIFEST.json"
        if installed.exists() and stamp.exists() and stamp.read_text() == digest:
            say("  the installed collection is this tree: reused")
            return
        built = self.directory / "built"
        shutil.rmtree(built, ignore_errors=True)
        self._ansible("ansible-galaxy", "collection", "build", "--output-path", str(built), cwd=self.repository)
        archives = list(built.glob("*.tar.gz"))
        if len(archives) != 1:
            raise DemoError(f"expected one archive of the collection in {built}, found {len(archives)}")
        self._ansible(
            *("ansible-galaxy", "collection", "install", "--force", "--no-deps", "--offline"),
            *("--collections-path", str(self.collections), str(archives[0])),
            cwd=self.directory,
        )
        stamp.write_text(digest)

    def scaffold(self, ports: Ports) -> None:
        """The scaffold as every team gets it, then the demo's inventory in the place of the examples."""
        self._ansible("ansible-playbook", "hardened.nginx_edge.init", "-e", f"dest={self.home}", cwd=self.directory)
        inventory = self.home / "prod"
        shutil.rmtree(inventory, ignore_errors=True)
        shutil.copytree(self.repository / "inventory" / "demo", inventory)
        variables = inventory / "host_vars" / "demo-edge.yml"
        variables.parent.mkdir(exist_ok=True)
        variables.write_text(f'---\ndemo_directory: "{self.directory}"\ndemo_ssh_port: {ports.ssh}\n')

    def converge(self) -> Recap:
        say(f"  $ cd {self.home.relative_to(self.repository)} && ansible-playbook site.yml -i prod")
        output = TERMINAL_COLOUR.sub("", self._ansible("ansible-playbook", "site.yml", "-i", "prod", cwd=self.home))
        match = next((match for match in RECAP.finditer(output) if match["host"] == "demo-edge"), None)
        if match is None:
            raise DemoError("ansible-playbook ended without a recap of demo-edge")
        return Recap(ok=int(match["ok"]), changed=int(match["changed"]), line=match[0])

    def _ansible(self, program: str, *arguments: str, cwd: Path) -> str:
        # The user's own settings of Ansible stay outside: a team has the scaffold's ansible.cfg and nothing else.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        if cwd != self.home:
            # At home, the scaffold's ansible.cfg says it.
            environment["ANSIBLE_COLLECTIONS_PATH"] = str(self.collections)
        environment["PATH"] = f"{self.repository / '.venv' / 'bin'}{os.pathsep}{environment['PATH']}"
        environment["PYTHONUNBUFFERED"] = "1"
        if sys.stdout.isatty():
            environment["ANSIBLE_FORCE_COLOR"] = "1"
        path = self.repository / ".venv" / "bin" / program
        return stream((str(path), *arguments), cwd=cwd, env=environment)

    def _tree_digest(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(self._collection_files()):
            digest.update(f"{path.relative_to(self.repository)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def _collection_files(self) -> Iterator[Path]:
        for entry in self.repository.iterdir():
            if entry.name.startswith(".") or entry.name in DEVELOPMENT_ONLY:
                continue
            candidates = entry.rglob("*") if entry.is_dir() else (entry,)
            yield from (path for path in candidates if path.is_file() and "__pycache__" not in path.parts)
