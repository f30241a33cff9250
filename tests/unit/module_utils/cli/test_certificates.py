# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands for certificates: the list, the renewal and its result, and the metrics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.failures import Failure
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli import certificates
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.main import Printed, parser, run
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import paths
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation import renewals, unused
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import Handshake
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import issued
from ansible_collections.hardened.nginx_edge.tests.unit.renewing_hosts import Machine


class Client:
    """Serves what is on disk."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def handshake(self, name: str, key_type: str | None = None) -> Handshake:
        return Handshake(key_pairs.read_chain(self.machine, self.machine.folders.link(name))[0])


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    for name in ("RENEWAL_FILE", "RENEWAL_INFO_FILE", "FORCED_FILE", "UNUSED_FILE"):
        monkeypatch.setattr(paths, name, str(tmp_path / name))
    machine = Machine(tmp_path)
    monkeypatch.setattr(certificates, "Folders", lambda: machine.folders)
    monkeypatch.setattr(certificates, "local_edge", lambda _host, _layout: Client(machine))
    for name in ("a.example", "gone.example"):
        machine.issue(issued(tmp_path, name), name)
    machine.deploy("a.example")
    machine.programs = lambda argv: Completed(argv, 0, "", "") if argv[0] == "certbot" else None
    return machine


def command(machine: Machine, *words: str) -> Printed:
    return run(parser().parse_args(words), machine, machine.layout)


def test_the_list_shows_failed_renewals_and_unused_certificates(machine: Machine) -> None:
    assert len(command(machine, "certificates").out.splitlines()) == 3
    unused.update(machine, machine.layout, machine.folders)
    renewals.record_failures(machine, {"a.example": Failure("no answer", "01"), renewals.UNIT: Failure("killed")})
    lines = command(machine, "certificates").out.splitlines()
    assert lines[1].startswith("a.example ")
    assert lines[3:] == [
        "",
        "a.example: the renewal failed on 2027-01-15 08:16 UTC: no answer",
        "the renewal failed on 2027-01-15 08:16 UTC: killed",
        "gone.example: not in use since 2027-01-15",
    ]
    told = json.loads(command(machine, "certificates", "--json").out)
    assert [(one["name"], one["renewal_problem"] != "", one["unused"]) for one in told["certificates"]] == [
        ("a.example", True, False),
        ("gone.example", False, True),
    ]
    assert told["renewal_problems"] == lines[4:6]


def test_metrics_leave_out_what_is_not_in_use(machine: Machine) -> None:
    assert 'certificate="gone.example"' in command(machine, "metrics").out
    unused.update(machine, machine.layout, machine.folders)
    out = command(machine, "metrics").out
    assert 'certificate="gone.example"' not in out
    assert 'certificate="a.example"' in out


@pytest.mark.parametrize("systemd", [True, False])
def test_a_renewal_ends_with_its_errors(machine: Machine, monkeypatch: pytest.MonkeyPatch, systemd: bool) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    machine.systemd = systemd
    failed = "Failed to renew certificate a.example with error: no answer"
    machine.programs = lambda argv: Completed(argv, 1, "", failed)
    printed = command(machine, "renew", "--keep-unused-days", "9")
    assert (printed.code, printed.out) == (1, "")
    assert printed.err.splitlines()[:2] == [
        "nginx-edge: certificates were not renewed; nginx keeps the current ones",
        "  a.example: no answer",
    ]
    command(machine, "renewal-ended", "exit-code")
    assert "nginx_edge_renewal_succeeded 0" in command(machine, "metrics").out
    machine.programs = lambda argv: Completed(argv, 0, "nothing is due\n", "")
    assert command(machine, "renew") == Printed(0, "nothing is due\n")
    assert ("nginx_edge_renewal_succeeded 1" in command(machine, "metrics").out) is not systemd
    command(machine, "renewal-ended", "success")
    assert "nginx_edge_renewal_succeeded 1" in command(machine, "metrics").out
