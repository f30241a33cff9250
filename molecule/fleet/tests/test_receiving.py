# SPDX-License-Identifier: GPL-3.0-or-later
"""One edge orders, the others receive: in the run, and after every renewal without Ansible."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.molecule.fleet.tests.edges import (
    CANARY,
    EDGES,
    NAME,
    Asking,
    Edge,
    run_fleet,
)
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run

FOLLOWERS = EDGES[1:]
FOLLOWER = FOLLOWERS[-1]
BUNDLE = "/var/lib/nginx-edge/share/pairs.json"
SSH = (
    "ssh -F none -T -i /etc/nginx-edge/receive_key -o BatchMode=yes -o StrictHostKeyChecking=yes"
    " -o HostKeyAlias=nginx-edge-issuing-edge -o UserKnownHostsFile=/etc/nginx-edge/receive_known_hosts"
    f" nginx-edge-share@{CANARY.address}"
)
Renewal = tuple[list[str], list[str], list[str], Asking]
"""Serial numbers before, in between and after, and what a client got all the time."""
Record = Callable[[str, object], None]


def variables(**more: Any) -> dict[str, Any]:
    """The scenario's model, with the first edge ordering for all."""
    acme = {
        "email": "ops@example.test",
        "directory_url": "https://acme.test:14000/dir",
        "ca_bundle": "/etc/ssl/acme-ca.pem",
        "peers": [edge.address for edge in EDGES],
        "issuing_edge": CANARY.name,
    }
    return {"edge_acme": acme, **more}


@pytest.fixture(scope="module")
def checked(folder: Path) -> tuple[Run, list[str], list[str]]:
    """A run in check mode, and the serial numbers before and after it."""
    before = serials()
    return run_fleet("--check", variables=variables(), folder=folder), before, serials()


@pytest.fixture(scope="module")
def converged(folder: Path) -> Run:
    """Whoever orders comes before those who receive."""
    return run_fleet(variables=variables(edge_batches=["1", "100%"], edge_max_fail_percentage=0), folder=folder)


@pytest.fixture(scope="module")
def again(converged: Run, folder: Path) -> Run:
    assert converged.code == 0, converged
    return run_fleet(variables=variables(), folder=folder)


def serials() -> list[str]:
    return [edge.certificate[0] for edge in EDGES]


def unit_failed(edge: Edge) -> tuple[int, str]:
    """Exit code of the timer's unit, and what the journal has of this start."""
    since = edge.host.run("date", "+%Y-%m-%d %H:%M:%S").strip()
    code = edge.host.attempt("systemctl", "start", "nginx-edge-receive.service").returncode
    log = ("journalctl", "--unit=nginx-edge-receive.service", "--no-pager", "--output=cat", f"--since={since}")
    return code, edge.host.run(*log)


class TestTheRun:
    """All serve what the first edge ordered."""

    def test_check_mode_says_so_and_changes_nothing(self, checked: tuple[Run, list[str], list[str]]) -> None:
        run, before, after = checked
        assert run.code == 0, run
        assert all(run.changed[edge.name] > 0 for edge in EDGES)
        assert after == before
        for edge in FOLLOWERS:
            assert edge.host.attempt("test", "-e", "/etc/nginx-edge/receive_key").returncode != 0

    def test_all_serve_the_same_certificate(self, converged: Run, record_property: Record) -> None:
        assert converged.code == 0, converged
        record_property("note", f"serial {serials()[0]} on {len(EDGES)} edges")
        assert len(set(serials())) == 1
        assert "Pebble" in CANARY.certificate[1]

    def test_a_second_run_changes_nothing(self, again: Run) -> None:
        assert again.code == 0, again
        assert [again.changed[edge.name] for edge in EDGES] == [0] * len(EDGES), again

    @pytest.mark.usefixtures("again")
    def test_followers_order_nothing(self) -> None:
        for edge in FOLLOWERS:
            assert edge.host.attempt("systemctl", "is-active", "nginx-edge-certbot.timer").returncode != 0
            assert edge.host.run("systemctl", "is-active", "nginx-edge-receive.timer").strip() == "active"

    @pytest.mark.usefixtures("again")
    def test_keys_are_roots_alone(self) -> None:
        for edge in FOLLOWERS:
            modes = edge.host.run(
                "sh", "-c", f"stat -Lc '%a %U' /etc/nginx/tls/{NAME}/privkey.pem /etc/nginx-edge/receive_key"
            )
            assert modes.split("\n")[:2] == ["600 root", "600 root"]
        assert CANARY.host.run("stat", "-c", "%a %U %G", BUNDLE).strip() == "640 root nginx-edge-share"

    @pytest.mark.usefixtures("again")
    def test_the_unit_is_sandboxed(self) -> None:
        told = FOLLOWER.host.run(
            "sh", "-c", "systemd-analyze security --no-pager nginx-edge-receive.service | tail -n 1"
        )
        assert float(re.findall(r"\d+\.\d+", told)[0]) < 4.0, told


@pytest.mark.usefixtures("again")
class TestTheKey:
    """It is good for one thing."""

    def test_prints_the_certificates_whatever_is_asked(self) -> None:
        printed = FOLLOWER.host.run("sh", "-c", f"{SSH} 'id; touch /tmp/here'")
        assert list(json.loads(printed)["pairs"]) == [NAME]
        assert CANARY.host.attempt("test", "-e", "/tmp/here").returncode != 0

    def test_forwards_nothing(self) -> None:
        command = f"{SSH.replace('ssh ', 'ssh -o ExitOnForwardFailure=yes -R 9988:localhost:22 ', 1)}"
        assert FOLLOWER.host.attempt("sh", "-c", command).returncode != 0

    def test_is_good_from_one_address(self) -> None:
        """The key and all, on the edge that orders itself."""
        key = FOLLOWER.host.run("cat", "/etc/nginx-edge/receive_key")
        CANARY.host.run("sh", "-c", f"umask 077; cat > /root/stolen <<'EOF'\n{key}EOF")
        options = "-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
        stolen = f"ssh -F none -T -i /root/stolen {options} nginx-edge-share@{CANARY.address}"
        refused = CANARY.host.attempt("sh", "-c", stolen)
        CANARY.host.run("rm", "-f", "/root/stolen")
        assert refused.returncode == 255
        assert "Permission denied" in refused.stderr


@pytest.mark.usefixtures("again")
class TestARenewal:
    """The first edge's timer renews, the others' timers fetch; no Ansible anywhere."""

    @pytest.fixture(scope="class")
    @staticmethod
    def renewed() -> Renewal:
        before = serials()
        # As if the certificate were about to expire.
        conf = f"/etc/letsencrypt/renewal/{NAME}.conf"
        CANARY.host.run("sed", "-i", "s/^#* *renew_before_expiry.*/renew_before_expiry = 4000 days/", conf)
        with Asking() as asking:
            CANARY.host.run("systemctl", "start", "nginx-edge-certbot.service")
            between = serials()
            CANARY.host.run("sed", "-i", "s/^renew_before_expiry.*/# renew_before_expiry = 30 days/", conf)
            for edge in FOLLOWERS:
                edge.host.run("systemctl", "start", "nginx-edge-receive.service")
            after = serials()
        return before, between, after, asking

    def test_reaches_every_edge(self, renewed: Renewal, record_property: Record) -> None:
        before, between, after, asking = renewed
        record_property("note", f"{before[0]} -> {after[0]}; {asking.note}")
        assert between[0] != before[0]
        assert between[1:] == before[1:]
        assert after == [between[0]] * len(EDGES)

    def test_fails_no_request(self, renewed: Renewal) -> None:
        asking = renewed[3]
        assert asking.failed == []
        assert asking.answers.total() > 10 * len(EDGES)


@pytest.mark.usefixtures("again")
class TestWhatIsHandedOver:
    """Nothing of it is believed."""

    @pytest.fixture(params=["mismatch", "truncated", "other names", "gone"])
    @staticmethod
    def wrong(request: pytest.FixtureRequest) -> Iterator[None]:
        program = (
            "import json, subprocess, sys\n"
            f"path = {BUNDLE!r}\n"
            "text = open(path).read()\n"
            "told = json.loads(text)\n"
            f"pair = told['pairs'][{NAME!r}]\n"
            "make = 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=x"
            " -addext subjectAltName=DNS:other.test -keyout /dev/stdout -out /dev/stderr'\n"
            "made = subprocess.run(make.split(), capture_output=True, text=True)\n"
            "kind = sys.argv[1]\n"
            "if kind == 'mismatch': pair['privkey'] = made.stdout\n"
            f"if kind == 'other names': told['pairs'][{NAME!r}] = "
            "{'privkey': made.stdout, 'fullchain': made.stderr[made.stderr.index('-----BEGIN'):]}\n"
            "if kind == 'gone': told['pairs'] = {}\n"
            "text = json.dumps(told)\n"
            "open(path, 'w').write(text[:200] if kind == 'truncated' else text)\n"
        )
        CANARY.host.run("python3", "-c", program, request.param)
        yield
        CANARY.host.run("nginx-edge", "share")
        FOLLOWER.host.run("systemctl", "start", "nginx-edge-receive.service")

    @pytest.mark.usefixtures("wrong")
    def test_changes_nothing_and_fails_loudly(self, record_property: Record) -> None:
        before = FOLLOWER.certificate
        link = FOLLOWER.host.run("readlink", f"/etc/nginx/tls/{NAME}")
        code, log = unit_failed(FOLLOWER)
        said = [line for line in log.splitlines() if CANARY.name in line or NAME in line]
        record_property("note", " ".join(said))
        assert code != 0
        assert FOLLOWER.host.attempt("systemctl", "is-failed", "nginx-edge-receive.service").returncode == 0
        assert said
        assert "BEGIN" not in log
        assert FOLLOWER.certificate == before
        assert FOLLOWER.host.run("readlink", f"/etc/nginx/tls/{NAME}") == link

    def test_another_host_in_its_place_is_refused(self) -> None:
        path = "/etc/nginx-edge/receive_known_hosts"
        FOLLOWER.host.run("cp", path, "/root/known")
        own = "nginx-edge-issuing-edge $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)"
        FOLLOWER.host.run("sh", "-c", f'echo "{own}" > {path}')
        code, log = unit_failed(FOLLOWER)
        FOLLOWER.host.run("mv", "/root/known", path)
        assert code != 0
        assert "verification failed" in log
        assert unit_failed(FOLLOWER)[0] == 0


@pytest.mark.usefixtures("again")
class TestAFollowerAlone:
    """A run that is limited to it."""

    def test_goes_on_receiving(self, folder: Path) -> None:
        run = run_fleet("--limit", FOLLOWER.name, variables=variables(), folder=folder)
        assert run.code == 0, run

    def test_says_who_is_missing(self, folder: Path) -> None:
        """It was never let in."""
        keys = "/var/lib/nginx-edge/share/.ssh/authorized_keys"
        CANARY.host.run("cp", "-p", keys, "/root/keys")
        CANARY.host.run("sed", "-i", f"/nginx-edge:{FOLLOWER.name}$/d", keys)
        time.sleep(1)
        run = run_fleet("--limit", FOLLOWER.name, variables=variables(), folder=folder)
        CANARY.host.run("mv", "/root/keys", keys)
        assert run.code != 0, run
        said = run.failures[FOLLOWER.name]
        assert f"{CANARY.name} ({CANARY.address}) sent no certificates; ssh says:" in said
        assert "It is not in this run: run without --limit" in said
        assert FOLLOWER.certificate == CANARY.certificate
