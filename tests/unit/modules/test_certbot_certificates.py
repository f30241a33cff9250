# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``stale`` does not depend on the outcome of an order; failed renewals are reported and repaired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.failures import Failure
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.issue import Issuer
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import paths
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation import renewals
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.repair import failures_of
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import certificates
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import Handshake
from ansible_collections.hardened.nginx_edge.plugins.modules.certbot_certificates import run
from ansible_collections.hardened.nginx_edge.tests.unit.certbot_hosts import (
    NOW,
    WANTED,
    Certbot,
    Edge,
    issuer,
    keep,
    started,
)
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made
from ansible_collections.hardened.nginx_edge.tests.unit.decided import HOST


class Serving(Edge):
    """Serves one certificate under all names."""

    served = Handshake(made(*WANTED.names).certificate)

    def handshake(self, name: str, key_type: str | None = None) -> Handshake:
        return self.served


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the host remembers between runs."""
    for name in ("RENEWAL_FILE", "UNUSED_FILE"):
        monkeypatch.setattr(paths, name, str(tmp_path / name))


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(str(tmp_path / "tls"), str(tmp_path / "letsencrypt"), str(tmp_path / "letsencrypt.log"))


def test_a_certificate_is_stale_until_nginx_serves_it(folders: Folders, tmp_path: Path) -> None:
    pair = made(*WANTED.names)
    one = issuer(folders, tmp_path, Certbot(folders, pair))
    edge = Serving(one.webroot)
    one = replace(one, edge=edge)
    result, problems = run(one, [WANTED])
    assert (result["changed"], result["stale"], problems) == (True, ["a.example"], [])
    keep(folders, pair, webroot=one.webroot)
    result, _none = run(one, [WANTED])
    assert (result["changed"], result["stale"]) == (False, ["a.example"])
    assert run(replace(one, check_mode=True), [WANTED])[0]["stale"] == []
    edge.served = Handshake(pair.certificate)
    assert run(one, [WANTED])[0]["stale"] == []


def test_a_failed_order_reports_what_is_stale(folders: Folders, tmp_path: Path) -> None:
    """The pair of the failed certificate may have been replaced before certbot failed."""
    one = issuer(folders, tmp_path, Certbot(folders, made(*WANTED.names), says=["no", "no"]))
    one = replace(one, edge=Serving(one.webroot))
    certificates.install_all(HOST, folders, certificates.decide_all(HOST, folders, [WANTED], NOW))
    result, problems = run(one, [WANTED])
    assert (result["changed"], result["stale"], len(problems)) == (False, ["a.example"], 1)


REFUSED = "urn:ietf:params:acme:error:connection: 192.0.2.1: Connection refused"
LIMITED = "urn:ietf:params:acme:error:rateLimited: too many certificates"


def failing(folders: Folders, tmp_path: Path, message: str, says: Sequence[str] = ()) -> tuple[Issuer, Certbot]:
    """An edge on which the last renewal of its certificate failed."""
    pair = made(*WANTED.names)
    program = Certbot(folders, made(*WANTED.names), says)
    one = issuer(folders, tmp_path, program)
    keep(folders, pair, webroot=one.webroot)
    edge = Serving(one.webroot)
    edge.served = Handshake(pair.certificate)
    run(replace(one, edge=edge), [WANTED])
    renewals.record_failures(HOST, {WANTED.name: Failure(message, pair.certificate.serial)})
    renewals.record_renewal(HOST, "exit-code")
    return replace(one, edge=edge, failures=failures_of(HOST, folders)), program


def recorded() -> renewals.Renewal:
    found = renewals.read_renewal(HOST)
    assert found is not None
    return found


def test_a_failed_renewal_is_repaired_and_its_record_cleared(folders: Folders, tmp_path: Path) -> None:
    one, program = failing(folders, tmp_path, REFUSED)
    planned, _none = run(replace(one, check_mode=True), [WANTED])
    assert (planned["changed"], planned["certificates"][0]["reasons"]) == (True, [f"its renewal failed: {REFUSED}"])
    assert [line.endswith(f"UTC: {REFUSED}") for line in planned["edge_warnings"]] == [True]
    assert recorded().failures
    result, problems = run(one, [WANTED])
    assert (result["certificates"][0]["state"], result["edge_warnings"], problems) == ("issued", [], [])
    assert "--force-renewal" in started(one)[-1]
    assert (recorded().succeeded, recorded().errors) == (True, {})
    assert recorded().last_success is not None
    keep(folders, program.pair, webroot=one.webroot)
    again, _none = run(replace(one, failures=failures_of(HOST, folders)), [WANTED])
    assert again["changed"] is False


def test_a_repair_that_fails_is_a_warning_on_each_run(folders: Folders, tmp_path: Path) -> None:
    one, program = failing(folders, tmp_path, REFUSED, says=["no"] * 4)
    for _number in range(2):
        result, problems = run(
            replace(one, failures=failures_of(HOST, folders)), [replace(WANTED, path="edge_sites[0]")]
        )
        assert (result["changed"], result["certificates"][0]["state"], problems) == (False, "kept", [])
        first, second = result["edge_warnings"]
        assert first.startswith("edge_sites[0]: the renewal failed on 20")
        assert first.endswith(f" UTC: {REFUSED}")
        assert second.startswith("edge_sites[0]: this run could not renew it either: certbot got no certificate from")
        assert "AttributeError" in second
        assert "\n" not in second
    assert (recorded().succeeded, list(recorded().errors)) == (False, ["a.example"])
    program.says.clear()
    assert run(one, [WANTED])[0]["edge_warnings"] == []


def test_a_rate_limit_is_left_to_the_timer(folders: Folders, tmp_path: Path) -> None:
    one, _program = failing(folders, tmp_path, LIMITED)
    result, problems = run(one, [WANTED])
    assert (result["changed"], problems, started(one)) == (False, [], [])
    assert [line.endswith(LIMITED) for line in result["edge_warnings"]] == [True]


def test_a_rate_limit_in_a_run_is_recorded(folders: Folders, tmp_path: Path) -> None:
    said = "acme.messages.Error: urn:ietf:params:acme:error:rateLimited :: too many :: too many failed authorizations"
    one, _program = failing(folders, tmp_path, REFUSED, says=[f"{said}\n"] * 2)
    result, problems = run(one, [WANTED])
    assert (problems, "rateLimited" in result["edge_warnings"][-1]) == ([], True)
    count = len(started(one))
    result, problems = run(replace(one, failures=failures_of(HOST, folders)), [WANTED])
    assert (len(started(one)), problems, len(result["edge_warnings"])) == (count, [], 1)


def test_a_certificate_that_was_renewed_since_is_no_failure(folders: Folders, tmp_path: Path) -> None:
    one, _program = failing(folders, tmp_path, REFUSED)
    keep(folders, made(*WANTED.names), webroot=one.webroot)
    assert failures_of(HOST, folders) == {}
    result, _none = run(replace(one, failures={}), [WANTED])
    assert (result["edge_warnings"], started(one), recorded().succeeded) == ([], [], True)


def test_errors_of_other_certificates_and_of_the_unit_are_reported(folders: Folders, tmp_path: Path) -> None:
    one, _program = failing(folders, tmp_path, REFUSED)
    other = made("mail.example")
    for name, text in (("fullchain.pem", other.fullchain), ("privkey.pem", other.privkey)):
        path = Path(folders.lineage("mail.example"), name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    errors = {"mail.example": Failure("no answer", other.certificate.serial), renewals.UNIT: Failure("killed")}
    renewals.record_failures(HOST, errors)
    result, _none = run(one, [WANTED])
    assert [line.partition(" on ")[0] for line in result["edge_warnings"]] == [
        "certificate mail.example: the renewal failed",
        "the renewal failed",
    ]
    assert recorded().succeeded is False


def test_an_error_of_the_deployment_ends_when_nginx_serves_it(folders: Folders, tmp_path: Path) -> None:
    one, _program = failing(folders, tmp_path, REFUSED)
    renewals.record_failures(HOST, {})
    renewals.record_renewal(HOST, "exit-code")
    one = replace(one, failures={})
    assert isinstance(one.edge, Serving)
    served, one.edge.served = one.edge.served, Handshake(made(*WANTED.names).certificate)
    result, _none = run(one, [WANTED])
    assert "a renewed certificate was not deployed; read the journal of nginx-edge-take" in result["edge_warnings"][0]
    one.edge.served = served
    assert run(one, [WANTED])[0]["edge_warnings"] == []
    assert recorded().succeeded
