# SPDX-License-Identifier: GPL-3.0-or-later
"""A how-to guide that is carried out after the tutorial, on the host with the newest ansible-core.

Each guide starts in a copy of the repository at the end of the tutorial. There is one nginx, so each guide takes over
the edge of the guide before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.molecule.tutorial.tests.reader import ARTIFACT, FINISHED, Reader
from ansible_collections.hardened.nginx_edge.tools.tutorial import File, Step, read_steps

GUIDES = Path(__file__).resolve().parents[3] / "docs" / "how-to"
QUICK = {"ANSIBLE_SKIP_TAGS": "nginx,exporter"}
"""Settings of runs that skip packages and the exporter, where a guide is not about them."""
FROM_THE_APPLICATION, FROM_THE_LOGIN = "Hello from the application\n", "Please log in\n"


def version_of(host: str) -> tuple[int, ...]:
    """The version of ansible-core after which a host is named."""
    return tuple(map(int, host.rpartition("-")[2].split(".")))


HOST = max(edges(), key=version_of)


@dataclass(frozen=True)
class Guide:
    """A guide, and a directory in which someone follows it.

    :param settings: environment variables of all commands.
    :param stand_ins: text in files of the guide -> what the test writes instead of it.
    """

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    @property
    def directory(self) -> str:
        return f"/srv/guides/{self.name}"

    def start(self) -> Guide:
        """Copy the repository of the tutorial. The requirements have the artifact, because Galaxy does not have it."""
        self.run(f"rm -rf {self.directory} && mkdir -p /srv/guides && cp -R {FINISHED} {self.directory}", "/")
        self.write("requirements.yml", f"collections: [{{name: {ARTIFACT}, type: file}}]\n")
        # The guides replace each other's sites.
        self.write("prod/group_vars/edge/guides.yml", "edge_remove_sites: true\n")
        return self

    def steps(self) -> list[Step]:
        return read_steps((GUIDES / f"{self.name}.md").read_text(encoding="utf-8"))

    def follow(self, *, since: str = "", until: str = "") -> None:
        """Carry out the steps from one heading to another one, or to the end of the page."""
        steps = self.steps()
        headings = [step.section for step in steps]
        for step in steps[headings.index(since) if since else 0 : headings.index(until) if until else None]:
            Reader(HOST, dict(self.settings)).follow(self._with_stand_ins(step), self.directory)

    def _with_stand_ins(self, step: Step) -> Step:
        for text, stand_in in self.stand_ins.items():
            if isinstance(step, File):
                step = replace(step, content=step.content.replace(text, stand_in))
        return step

    def run(self, text: str, directory: str = "") -> str:
        """Run a command that is not on the page; it succeeds."""
        done = Reader(HOST).run(text, directory or self.directory)
        assert done.returncode == 0, f"{text}\n{done.stdout}"
        return done.stdout

    def write(self, path: str, content: str) -> None:
        Reader(HOST).write(path, content, self.directory)

    def publish(self) -> None:
        """Commit everything, and push it to the address that the guides use: git finds it on this host."""
        self.run(
            "git config --system url.file:///srv/git/.insteadOf https://git.example.com/ops/"
            " && rm -rf .git /srv/git && git init --quiet --bare --initial-branch main /srv/git/edges.git"
            " && git init --quiet --initial-branch main"
            " && git remote add origin https://git.example.com/ops/edges.git"
        )
        self.push()

    def push(self) -> None:
        author = "-c user.name=ops -c user.email=ops@example.com"
        self.run(f"git add --all && git {author} commit --quiet --message change && git push --quiet origin main")


def curl(url: str, *options: str) -> tuple[int, str]:
    """Status and body of a request to the edge; status 0 if there is no response."""
    name = url.removeprefix("https://").partition("/")[0]
    done = Reader(HOST).run(
        f"curl --silent --insecure --resolve {name}:443:127.0.0.1 --write-out '%{{stderr}}%{{http_code}}'"
        f" {' '.join(options)} {url} 2>/tmp/status; echo; cat /tmp/status",
        "/",
    )
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body
