# SPDX-License-Identifier: GPL-3.0-or-later
"""How-to guides, carried out as they stand after the tutorial, on the host with the newest ansible-core.

Each guide starts in a copy of the repository at the end of the tutorial. There is one nginx, so each guide takes over
the edge of the guide before it. Runs skip packages and the exporter (``QUICK``) where a guide is not about them.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import yaml

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


def _site(name: str) -> str:
    """A model with one site, which names the host of the inventory that it was deployed for."""
    text = f"{name} on {{{{ inventory_hostname }}}}"
    return (
        f"edge_sites:\n  - name: {name}\n    locations:\n      - {{path: /, return: {{status: 200, text: '{text}'}}}}\n"
    )


def test_sites_are_added_and_removed() -> None:
    """A file for a site is all that it needs."""
    guide = Guide("add-site", QUICK).start()
    guide.follow(until="Remove a site")
    assert curl("https://shop.example.com/") == (200, FROM_THE_APPLICATION)
    guide.follow(since="Remove a site")
    assert curl("https://shop.example.com/")[0] == 0


def test_a_pipeline_checks_and_deploys() -> None:
    """The jobs and the workflow for GitHub succeed, and a wrong model fails without a change of the edge."""
    guide = Guide("pipeline", QUICK).start()
    guide.write("prod/group_vars/edge/sites.yml", _site("by-pipeline.example.com"))
    guide.follow()
    assert curl("https://by-pipeline.example.com/") == (200, "by-pipeline.example.com on edge-1")
    workflow = yaml.safe_load(guide.run("cat .github/workflows/check.yml"))
    commands = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    assert "yamllint --strict ." in commands
    for command in commands:
        guide.run(command)
    guide.write("prod/group_vars/edge/sites.yml", _site("by-pipeline.example.com").replace("locations", "location"))
    wrong = Reader(HOST).run("ansible-playbook check.yml -i prod", guide.directory)
    assert wrong.returncode == 2
    assert "edge_sites[0].location: unknown key" in wrong.stdout


def test_an_edge_is_rolled_back_and_shows_its_state() -> None:
    """First with Ansible, then on the host; the commands of the guide for failed runs show the state."""
    guide = Guide("roll-back", QUICK).start()
    guide.write("prod/group_vars/edge/sites.yml", _site("later.example.com"))
    guide.run("ansible-playbook site.yml -i prod --skip-tags nginx,exporter")
    assert curl("https://later.example.com/") == (200, "later.example.com on edge-1")
    guide.follow(until="On the host, without Ansible")
    assert curl("https://later.example.com/")[0] == 0
    before = guide.run("readlink /etc/nginx/nginx.conf")
    guide.follow(since="On the host, without Ansible")
    assert guide.run("readlink /etc/nginx/nginx.conf") != before
    Guide("failed-run").start().follow()


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
    """The encrypted password works until ``ansible-vault edit`` changes it, and the encrypted key is in use."""
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
    """Its artifacts have the exit code and the output; the execution environment has the collection."""
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
set -e
mkdir -p /srv/upgrade/original && cd /srv/upgrade
[ -e original/nginx_*.deb ] || (cd original && apt-get download nginx nginx-common)
old=$(dpkg-deb --field original/nginx_*.deb Version)
rm -f Packages
for package in nginx nginx-common; do
    dpkg-deb --raw-extract original/"$package"_*.deb extracted
    sed -i "s/$old/$old+$0/g" extracted/DEBIAN/control
    dpkg-deb --build extracted "$package-$0.deb"
    rm -r extracted
    dpkg-deb --field "$package-$0.deb" >>Packages
    printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$package-$0.deb" "$(stat --format %s "$package-$0.deb")" \
        "$(sha256sum "$package-$0.deb" | cut -d' ' -f1)" >>Packages
done
echo 'deb [trusted=yes] file:/srv/upgrade ./' >/etc/apt/sources.list.d/upgrade.list
"""
"""Makes a repository with a newer version of nginx from the packages of the distribution."""
WATCH = """
while [ -e /tmp/watching ]; do
    curl --silent --insecure --max-time 20 --output /dev/null --write-out '%{http_code} ' \
        --resolve www.example.com:443:127.0.0.1 https://www.example.com/
    sleep 0.05
done
"""
LARGE = 6_000_000


@contextmanager
def watched() -> Iterator[list[str]]:
    """Send requests, one after another on new connections; when the block ends, the list has their status codes."""
    codes: list[str] = []
    Reader(HOST).run("touch /tmp/watching", "/")
    argv = ["docker", "exec", HOST, "sh", "-c", WATCH]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as client:
        try:
            yield codes
        finally:
            Reader(HOST).run("rm /tmp/watching", "/")
            codes += client.communicate(timeout=60)[0].split()


@pytest.fixture
def application() -> Iterator[str]:
    """The path of a large file of the application."""
    reader = Reader(HOST)
    reader.run(f"head -c {LARGE} /dev/urandom >/srv/first-hour/app/large", "/")
    yield "/large"
    reader.run("rm -r /srv/first-hour/app/large /srv/upgrade /etc/apt/sources.list.d/upgrade.list", "/")


def test_nginx_is_upgraded_under_a_live_edge(application: str) -> None:
    """First with a restart, then without a refused connection, during a download; in the end a version is pinned."""
    guide = Guide("upgrade-nginx", {"ANSIBLE_SKIP_TAGS": "exporter"}).start()
    guide.run(f"sh -c {shlex.quote(NEWER_NGINX)} first")
    with watched() as codes:
        guide.follow(until="Upgrade without a refused connection")
    assert _installed(guide).endswith("+first")
    assert (codes[0], codes[-1]) == ("200", "200")
    assert set(" ".join(codes).strip("20 ").split()) <= {"000"}, "refused more than once"

    guide.run(f"sh -c {shlex.quote(NEWER_NGINX)} second")
    before = guide.run("cat /run/nginx.pid")
    download = f"curl --silent --insecure --resolve www.example.com:443:127.0.0.1 https://www.example.com{application}"
    argv = ["docker", "exec", HOST, "sh", "-c", f"{download} --limit-rate 400k | wc -c"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as client, watched() as codes:
        guide.follow(since="Upgrade without a refused connection", until="Deploy for the new version")
        assert client.poll() is None, "the download ended before the upgrade"
        assert int(client.communicate(timeout=120)[0]) == LARGE
    assert set(codes) == {"200"}
    assert _installed(guide).endswith("+second")
    assert guide.run("cat /run/nginx.pid") != before

    guide.follow(since="Deploy for the new version")
    assert curl("https://www.example.com/") == (200, FROM_THE_APPLICATION)


def _installed(guide: Guide) -> str:
    return guide.run("dpkg-query --show --showformat '${Version}' nginx")
