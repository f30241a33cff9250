# SPDX-License-Identifier: GPL-3.0-or-later
"""How-to guides, carried out as they stand after the tutorial, on the host with the newest ansible-core.

Each guide starts in a copy of the repository at the end of the tutorial. There is one nginx, so each guide takes over the edge
of the guide before it. Runs leave packages and the exporter alone (``QUICK``) where a guide is not about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.molecule.tutorial.tests.reader import ARTIFACT, REPOSITORY, Reader
from ansible_collections.hardened.nginx_edge.tools.tutorial import File, Step, read_steps

GUIDES = Path(__file__).resolve().parents[3] / "docs" / "how-to"
QUICK = {"ANSIBLE_SKIP_TAGS": "nginx,exporter"}
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
        self.run(f"rm -rf {self.directory} && mkdir -p /srv/guides && cp -R {REPOSITORY} {self.directory}", "/")
        self.write("requirements.yml", f"collections: [{{name: {ARTIFACT}, type: file}}]\n")
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
                step = replace(step, content=step.content.replace(text, stand_in))  # noqa: PLW2901
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


def test_two_groups_have_different_models() -> None:
    """Each group serves its own site. All hosts of the guide are this one, and the upstreams are the application."""
    addresses = {"10.0.0.10:3001": "127.0.0.1:3001", "10.0.1.10:8080": "127.0.0.1:3001"}
    guide = Guide("groups", {**QUICK, "ANSIBLE_TRANSPORT": "local"}, addresses).start()
    only_internal = "ansible-playbook site.yml -i prod --limit edge_internal"
    *before, last = guide.steps()
    assert getattr(last, "text", "") == only_internal
    guide.follow(until=last.section)
    for step in [step for step in before if step.section == last.section]:
        Reader(HOST, dict(guide.settings)).follow(step, guide.directory)
    assert curl("https://shop.example.com/") == (200, FROM_THE_APPLICATION)
    assert curl("https://wiki.example.com/")[0] == 0
    Reader(HOST, dict(guide.settings)).follow(last, guide.directory)
    assert curl("https://shop.example.com/")[0] == 0
    assert curl("https://wiki.example.com/")[0] == 403


def test_secrets_are_encrypted() -> None:
    """The vaulted password works until ``ansible-vault edit`` changes it, and the vaulted key belongs to what is served."""
    editor = {"EDITOR": "sed -i s/change-this-password/another-password/"}
    guide = Guide("vault", {**QUICK, **editor}).start()
    guide.run(
        "mkdir -p files/www.example.com && cd files/www.example.com"
        " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=www.example.com"
        " -addext subjectAltName=DNS:www.example.com -keyout privkey.pem -out fullchain.pem 2>&1"
    )
    guide.follow(until="Private keys")
    login = "https://www.example.com/login/"
    assert curl(login)[0] == 401
    assert curl(login, "--user", "ops:change-this-password")[0] == 401
    assert curl(login, "--user", "ops:another-password") == (200, FROM_THE_LOGIN)
    guide.follow(since="Private keys")
    assert guide.run("head -n 1 files/www.example.com/privkey.pem") == "$ANSIBLE_VAULT;1.1;AES256\n"
    verified = "--cacert files/www.example.com/fullchain.pem --resolve www.example.com:443:127.0.0.1"
    assert guide.run(f"curl --silent {verified} https://www.example.com/") == FROM_THE_APPLICATION


CLOUD = """\
#!/usr/bin/env python3
import json
hosts = {name: {"ansible_connection": "local", "tags": {"role": name.partition("-")[0]}} for name in ("db-1", "edge-7")}
hosts["other"] = {}
print(json.dumps({"cloud": {"hosts": list(hosts)}, "_meta": {"hostvars": hosts}}))
"""


def test_hosts_come_from_a_script_and_a_plugin() -> None:
    """The hosts of the script, then those with a tag, are deployed. A second script prints the hosts of the cloud."""
    guide = Guide("dynamic-inventory", QUICK).start()
    guide.write("prod/group_vars/edge/sites.yml", _site("www.example.com"))
    guide.follow(until="An inventory plugin")
    assert curl("https://www.example.com/") == (200, "www.example.com on edge-1")
    guide.write("prod/hosts.py", CLOUD)
    guide.follow(since="An inventory plugin")
    assert curl("https://www.example.com/") == (200, "www.example.com on edge-7")
    listed = guide.run("ansible-playbook site.yml -i prod --list-hosts")
    assert "edge-7" in listed
    assert "db-1" not in listed
    assert "other" not in listed


def _site(name: str) -> str:
    """A model with one site, which names the host of the inventory that it was deployed for."""
    text = f"{name} on {{{{ inventory_hostname }}}}"
    return (
        f"edge_sites:\n  - name: {name}\n    locations:\n      - {{path: /, return: {{status: 200, text: '{text}'}}}}\n"
    )


@pytest.fixture
def named_edge_1() -> Iterator[None]:
    """The host has the name that the inventory has."""
    reader = Reader(HOST)
    reader.run("hostname edge-1 && echo 127.0.1.1 edge-1 >>/etc/hosts", "/")
    yield
    reader.run(f"hostname {HOST} && systemctl disable --now edges-pull.timer", "/")


@pytest.mark.usefixtures("named_edge_1")
def test_an_edge_pulls_its_model() -> None:
    """The command deploys what is in the repository, and the service a commit that was pushed after that."""
    guide = Guide("ansible-pull", QUICK).start()
    guide.write("prod/sites.d/first.example.com.yml", _pulled("first"))
    guide.publish()
    guide.follow(until="Run it regularly")
    assert curl("https://first.example.com/") == (200, "first")
    quick = "".join(f"Environment={name}={value}\n" for name, value in QUICK.items())
    guide.write("/etc/systemd/system/edges-pull.service.d/quick.conf", f"[Service]\n{quick}")
    guide.write("prod/sites.d/second.example.com.yml", _pulled("second"))
    guide.push()
    guide.follow(since="Run it regularly")
    assert curl("https://second.example.com/") == (200, "second")
    assert guide.run("systemctl is-enabled edges-pull.timer") == "enabled\n"


def _pulled(text: str) -> str:
    return f"name: {text}.example.com\nlocations: [{{path: /, return: {{status: 200, text: {text}}}}}]\n"


def test_ansible_runner_runs_the_playbook() -> None:
    """Its artifacts have the exit code and the output, and the files for an execution environment have the collection."""
    guide = Guide("runner-awx", QUICK).start()
    guide.write("prod/group_vars/edge/sites.yml", _site("by-runner.example.com"))
    guide.publish()
    guide.follow()
    assert curl("https://by-runner.example.com/") == (200, "by-runner.example.com on edge-1")
    assert guide.run("cat runner/artifacts/*/rc") == "0"
    assert "1/1 sites healthy" in " ".join(guide.run("cat runner/artifacts/*/stdout").split())
    assert "hardened.nginx_edge" in guide.run("cat context/_build/requirements.yml")
    declared = guide.run("ansible-builder introspect runner/project/collections")
    assert "hardened" not in declared, "the collection declares packages"


NEWER_NGINX = """
mkdir -p /srv/upgrade && cd /srv/upgrade && rm -rf ./*
apt-get download --quiet nginx nginx-common
old=$(dpkg-query --show --showformat '${Version}' nginx)
for package in nginx nginx-common; do
    dpkg-deb --raw-extract "$package"_*.deb "$package"
    sed -i "s/$old/$old+upgrade/g" "$package/DEBIAN/control"
    rm "$package"_*.deb
    dpkg-deb --build "$package" "$package.deb"
    rm -r "$package"
    { dpkg-deb --field "$package.deb"
      echo "Filename: ./$package.deb"
      echo "Size: $(stat --format %s "$package.deb")"
      echo "SHA256: $(sha256sum "$package.deb" | cut -d' ' -f1)"
      echo; } >>Packages
done
echo 'deb [trusted=yes] file:/srv/upgrade ./' >/etc/apt/sources.list.d/upgrade.list
"""
"""A repository with a newer version of nginx, made from the installed one."""


@pytest.fixture
def newer_nginx() -> Iterator[None]:
    """apt finds a newer version of nginx."""
    reader = Reader(HOST)
    made = reader.run(f"set -e; {NEWER_NGINX}", "/")
    assert made.returncode == 0, made.stdout
    yield
    reader.run("rm -r /srv/upgrade /etc/apt/sources.list.d/upgrade.list", "/")


@pytest.mark.usefixtures("newer_nginx")
def test_nginx_is_upgraded_under_a_live_edge() -> None:
    """A download that began before the upgrade is complete, and a client is refused only while nginx restarts."""
    guide = Guide("upgrade-nginx").start()
    guide.follow(until="Pin a version")
