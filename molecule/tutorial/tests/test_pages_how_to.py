# SPDX-License-Identifier: GPL-3.0-or-later
"""How-to guides, carried out as they stand; the tutorial (test_pages.py) comes first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.molecule.tutorial.tests.guide import (
    FROM_THE_APPLICATION,
    FROM_THE_LOGIN,
    GUIDES,
    HOST,
    QUICK,
    Guide,
    curl,
)
from ansible_collections.hardened.nginx_edge.molecule.tutorial.tests.reader import Reader

CERTIFICATE = (
    "mkdir -p files/www.example.com && cd files/www.example.com"
    " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=www.example.com"
    " -addext subjectAltName=DNS:www.example.com -keyout privkey.pem -out fullchain.pem 2>&1"
)


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


def test_the_report_of_each_kind_of_run() -> None:
    """First an edge with the site of the tutorial alone, as the page expects it."""
    guide = Guide("read-a-run", QUICK).start()
    guide.run("ansible-playbook site.yml -i prod --skip-tags nginx,exporter")
    guide.run("rm prod/group_vars/edge/guides.yml")
    guide.follow()


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
    assert ").location: is a directive of nginx, not an option here; write locations" in " ".join(wrong.stdout.split())


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
    guide.run(CERTIFICATE)
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
    # The first play looks for edges among all hosts.
    listed = guide.run("ansible-playbook site.yml -i prod --list-hosts").partition("Check the models of all edges")[2]
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
    guide.run("test -f runner/project/collections/ansible_collections/hardened/nginx_edge/MANIFEST.json")
    declared = yaml.safe_load(guide.run("ansible-builder introspect runner/project/collections"))
    assert declared == {"python": [], "system": []}


def test_a_job_of_awx_finds_the_model() -> None:
    """A stand-in for AWX: it exports the inventory, and starts the job in the project with an inventory elsewhere."""
    guide = Guide("runner-awx").start()
    guide.write("prod/sites.d/second.example.com.yml", _pulled("second"))
    guide.write("/srv/awx/hosts", "#!/bin/sh\ncat /srv/awx/hosts.json\n")
    guide.run("chmod +x /srv/awx/hosts && ansible-inventory -i prod --list --export >/srv/awx/hosts.json")
    guide.run("rm -rf /runner && mkdir /runner && cp -R . /runner/project")
    job = "ansible-playbook check.yml -i /srv/awx/hosts"
    assert "no errors (1 site," in guide.run(job, "/runner/project")
    page = (GUIDES / "runner-awx.md").read_text(encoding="utf-8")
    assert "`edge_sites_dir: /runner/project/prod/sites.d`" in page
    files = "fullchain: files/www.example.com/fullchain.pem, privkey: files/www.example.com/privkey.pem"
    certificates = f"{{edge_certificates: [{{name: www.example.com, source: provided, {files}}}]}}"
    options = f"-e edge_sites_dir=/runner/project/prod/sites.d -e '{certificates}'"
    missing = Reader(HOST).run(f"{job} {options}", "/runner/project")
    assert missing.returncode == 2
    assert "files/www.example.com/fullchain.pem" in missing.stdout
    guide.run(CERTIFICATE, "/runner/project")
    assert "no errors (2 sites," in guide.run(f"{job} {options}", "/runner/project")
