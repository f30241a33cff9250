# SPDX-License-Identifier: GPL-3.0-or-later
"""Someone who follows a page of the documentation on a host."""

from __future__ import annotations

import posixpath
import subprocess
from dataclasses import dataclass, field

from ansible_collections.hardened.nginx_edge.tools.tutorial import Command, File, Step

START = "/srv/first-hour"
RUN = "ansible-playbook site.yml -i prod"
REPOSITORY, FINISHED = f"{START}/edges", "/srv/finished"
"""Where the tutorial creates the repository, and a copy of it at the end of the tutorial."""
FROM_GALAXY, ARTIFACT = "ansible-galaxy collection install hardened.nginx_edge", "/srv/collection.tar.gz"


@dataclass(frozen=True)
class Reader:
    """Someone who follows a page on a host, with the version of ansible-core that is there.

    :param settings: environment variables of all commands.
    """

    host: str
    settings: dict[str, str] = field(default_factory=dict)
    user: str = "root"

    def run(self, text: str, directory: str = REPOSITORY) -> subprocess.CompletedProcess[str]:
        """Run a command; the output has standard output and standard error in their order."""
        path = "/opt/ansible/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        settings = {"PATH": path, "HOME": "/root" if self.user == "root" else f"/home/{self.user}", **self.settings}
        named = [word for name, value in settings.items() for word in ("-e", f"{name}={value}")]
        argv = ["docker", "exec", "-u", self.user, "-w", directory, *named, self.host, "sh", "-c", text]
        return subprocess.run(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False
        )

    def write(self, path: str, content: str, directory: str = REPOSITORY) -> None:
        place = posixpath.join(directory, path)
        argv = [
            "docker",
            "exec",
            "-i",
            "-u",
            self.user,
            self.host,
            "sh",
            "-c",
            'mkdir -p "$(dirname "$0")" && cat >"$0"',
        ]
        subprocess.run([*argv, place], input=content, text=True, timeout=60, check=True)

    def follow(self, step: Step, start: str) -> None:
        """Carry out a step of a page whose reader began in the directory ``start``."""
        directory = posixpath.join(start, step.directory)
        if isinstance(step, File):
            self.write(step.path, step.content, directory)
            return
        assert isinstance(step, Command)
        done = self.run(step.text.replace(FROM_GALAXY, f"ansible-galaxy collection install {ARTIFACT}"), directory)
        seen = f"line {step.line}: {step.text}\nexit code {done.returncode}\n{done.stdout}"
        assert (done.returncode != 0) is step.fails, seen
        assert step.matches(done.stdout), f"{seen}\nthe page shows:\n{step.output}"
