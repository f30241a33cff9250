# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The renewal of the timer: what certbot is started for, and which errors count."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme import renewal_info
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.failures import Failure
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.https import Answer
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import paths
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation import renewals, unused
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.renewing import (
    MOST_FORCED,
    Renewing,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import issued
from ansible_collections.hardened.nginx_edge.tests.unit.renewing_hosts import Machine

PAST = {"suggestedWindow": {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}}
FUTURE = {"suggestedWindow": {"start": "2090-01-01T00:00:00Z", "end": "2090-01-02T00:00:00Z"}}
RENEW = ["certbot", "renew", "--no-random-sleep-on-renew"]


class Authority:
    """Asks to renew the certificates that it revoked."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self.revoked: set[str] = set()
        self.down = False

    def get(self, url: str) -> Answer:
        if self.down:
            raise ConnectionRefusedError(111, "Connection refused")
        if url.endswith("/dir"):
            return Answer({"renewalInfo": "https://acme.test/info"})
        return Answer(PAST if url.rpartition("/")[2] in self.revoked else FUTURE, "60")


class Certbot:
    """Renews what is ``due`` or forced; ``errors`` lists the certificates that fail."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.folder, self.machine = folder, machine
        self.due: set[str] = set()
        self.errors: dict[str, str] = {}
        self.started: list[Sequence[str]] = []
        self.days = 90

    def __call__(self, argv: Sequence[str]) -> Completed | None:
        if argv[0] != "certbot":
            return None
        self.started.append(list(argv))
        if argv[1] == "delete":
            return self.machine.delete_lineage(argv)
        names = {argv[argv.index("--cert-name") + 1]} if "--cert-name" in argv else self.due
        lines = [f"Failed to renew certificate {name} with error: {self.errors[name]}" for name in self.errors
                 if name in names]  # fmt: skip
        for name in names - {*self.errors}:
            self.machine.renew(issued(self.folder, name, days=self.days), name)
        if "" in self.errors:
            lines.append(self.errors[""])
        return Completed(argv, 1 if lines else 0, "", "\n".join(lines))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    for name in ("RENEWAL_FILE", "RENEWAL_INFO_FILE", "FORCED_FILE", "UNUSED_FILE"):
        monkeypatch.setattr(paths, name, str(tmp_path / name))
    machine = Machine(tmp_path)
    machine.programs = Certbot(tmp_path, machine)
    for name in ("a.example", "b.example"):
        machine.issue(issued(tmp_path, name), name)
    machine.deploy("a.example", "b.example")
    return machine


@pytest.fixture
def certbot(machine: Machine) -> Certbot:
    assert isinstance(machine.programs, Certbot)
    return machine.programs


@pytest.fixture
def authority(machine: Machine) -> Authority:
    return Authority(machine.folders)


def renew(machine: Machine, authority: Authority, keep_days: int = 30) -> Renewing:
    one = Renewing(machine, authority, machine.layout, machine.folders, keep_days)
    one.renew()
    return one


def identifier(machine: Machine, name: str) -> str:
    return renewal_info.identifier(key_pairs.read_chain(machine, machine.folders.lineage(name))[0])


def test_without_a_request_certbot_runs_once(machine: Machine, certbot: Certbot, authority: Authority) -> None:
    renew(machine, authority)
    assert certbot.started == [RENEW]
    assert renewals.read_renewal(machine) is None


def test_a_revoked_certificate_is_replaced_once(machine: Machine, certbot: Certbot, authority: Authority) -> None:
    before = identifier(machine, "a.example")
    authority.revoked = {before}
    one = renew(machine, authority)
    assert certbot.started == [RENEW, [*RENEW, "--cert-name", "a.example", "--force-renewal"]]
    assert "a.example: the ACME server asks to renew it now." in one.lines
    assert identifier(machine, "a.example") != before
    machine.clock += 7200
    renew(machine, authority)
    assert len(certbot.started) == 3


def test_what_certbot_has_replaced_is_not_renewed_again(
    machine: Machine, certbot: Certbot, authority: Authority
) -> None:
    """As certbot does since version 4.1, which asks for renewal information too."""
    authority.revoked, certbot.due = {identifier(machine, "a.example")}, {"a.example"}
    renew(machine, authority)
    assert certbot.started == [RENEW]


def test_a_failed_renewal_is_not_forced_in_the_same_pass(
    machine: Machine, certbot: Certbot, authority: Authority
) -> None:
    authority.revoked, certbot.due = {identifier(machine, "a.example")}, {"a.example"}
    certbot.errors = {"a.example": "no answer"}
    with pytest.raises(EdgeError) as told:
        renew(machine, authority)
    assert told.value.details == ("a.example: no answer",)
    assert certbot.started == [RENEW]


def test_an_authority_that_always_asks_is_followed_three_times_a_day(
    machine: Machine, certbot: Certbot, authority: Authority
) -> None:
    for _number in range(MOST_FORCED + 2):
        authority.revoked = {identifier(machine, "a.example")}
        one = renew(machine, authority)
        machine.clock += 3600
    forced = [argv for argv in certbot.started if "--force-renewal" in argv]
    assert len(forced) == MOST_FORCED
    assert "a.example: renewed 3 times in 24 hours because the ACME server asked for it." in one.lines
    machine.clock += 86400
    renew(machine, authority)
    assert len([argv for argv in certbot.started if "--force-renewal" in argv]) == MOST_FORCED + 1


def test_an_authority_that_is_down_ends_nothing(machine: Machine, certbot: Certbot, authority: Authority) -> None:
    authority.down = True
    renew(machine, authority)
    assert certbot.started == [RENEW]
    Path(paths.RENEWAL_INFO_FILE).unlink()
    Path(paths.RENEWAL_INFO_FILE).mkdir()
    one = renew(machine, authority)
    assert one.lines[-1].startswith("The renewal information cannot be stored")


def test_a_shorter_life_is_not_renewed_at_each_look(machine: Machine, certbot: Certbot, authority: Authority) -> None:
    """The authority issues certificates of 6 days from now on."""
    machine.renew(issued(certbot.folder, "mail.example", days=6), "mail.example")
    certbot.due, certbot.days = {"a.example"}, 6
    renew(machine, authority)
    folder = Path(machine.folders.letsencrypt, "renewal")
    paced = {path.stem for path in folder.iterdir() if "renew_before_expiry = 72 hours" in path.read_text()}
    assert paced == {"a.example"}


def test_a_lineage_that_certbot_must_not_renew_is_left(
    machine: Machine, certbot: Certbot, authority: Authority
) -> None:
    authority.revoked = {identifier(machine, "a.example")}
    path = Path(machine.folders.letsencrypt, "renewal", "a.example.conf")
    path.write_text(f"{path.read_text()}autorenew = False\n")
    renew(machine, authority)
    assert certbot.started == [RENEW]


def test_errors_are_recorded_with_their_certificate(machine: Machine, certbot: Certbot, authority: Authority) -> None:
    certbot.due, certbot.errors = {"a.example", "b.example"}, {"a.example": "no answer"}
    with pytest.raises(EdgeError):
        renew(machine, authority)
    found = renewals.read_renewal(machine)
    assert found is not None
    serial = key_pairs.read_chain(machine, machine.folders.lineage("a.example"))[0].serial
    assert found.errors == {"a.example": Failure("no answer", serial)}
    assert (found.succeeded, found.last_success) == (False, None)
    renewals.record_renewal(machine, "exit-code")
    assert renewals.read_renewal(machine).errors == found.errors  # type: ignore[union-attr]
    certbot.errors = {}
    renew(machine, authority)
    renewals.record_renewal(machine, "success")
    assert renewals.read_renewal(machine).errors == {}  # type: ignore[union-attr]


def test_an_error_without_a_certificate_is_recorded(machine: Machine, certbot: Certbot, authority: Authority) -> None:
    certbot.errors = {"": "cli.ini cannot be read"}
    authority.revoked = {identifier(machine, "a.example")}
    with pytest.raises(EdgeError) as told:
        renew(machine, authority)
    assert told.value.details == ("cli.ini cannot be read",)
    assert certbot.started == [RENEW]


def test_another_certbot_is_waited_for(machine: Machine, certbot: Certbot, authority: Authority) -> None:
    answers = [Completed([], 1, "", "Another instance of Certbot is already running.\n")] * 3
    machine.programs = lambda argv: answers.pop() if answers and argv[0] == "certbot" else certbot(argv)
    renew(machine, authority)
    assert (answers, certbot.started) == ([], [RENEW])


def test_a_host_without_certbot_is_told_so(machine: Machine, authority: Authority) -> None:
    machine.programs = lambda argv: Completed(argv, 127, "", "")
    with pytest.raises(EdgeError, match="certbot is not installed"):
        renew(machine, authority)
    renewals.record_renewal(machine, "exit-code")
    assert renewals.read_renewal(machine).errors == {"": Failure("certbot is not installed")}  # type: ignore[union-attr]


def test_an_unused_certificate_that_fails_is_no_failure(
    machine: Machine, certbot: Certbot, authority: Authority
) -> None:
    machine.deploy("a.example")
    certbot.due, certbot.errors = {"b.example"}, {"b.example": "no such name"}
    one = renew(machine, authority)
    assert "b.example is no longer in use, and was not renewed: no such name" in one.lines
    assert renewals.read_renewal(machine) is None


def test_an_unused_certificate_is_removed_after_its_days(
    machine: Machine, certbot: Certbot, authority: Authority
) -> None:
    machine.deploy("a.example")
    renew(machine, authority)
    machine.clock += 29 * 86400
    renew(machine, authority)
    assert machine.exists(machine.folders.lineage("b.example"))
    machine.clock += 2 * 86400
    one = renew(machine, authority)
    assert not machine.exists(machine.folders.lineage("b.example"))
    assert certbot.started[-2:] == [["certbot", "delete", "--non-interactive", "--cert-name", "b.example"], RENEW]
    assert one.lines[0] == ("certificate b.example: not in use since 2027-01-15, so its certbot lineage was removed")
    assert unused.read_record(machine).names == {"b.example"}
