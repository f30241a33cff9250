# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of removed sites: what counts as unused, when a lineage is removed, and what is kept for a rollback."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import roll_back
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import paths
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation import unused
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.renewal import find_renewed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import issued
from ansible_collections.hardened.nginx_edge.tests.unit.decided import NOW
from ansible_collections.hardened.nginx_edge.tests.unit.renewing_hosts import Machine

DAY = 86400.0


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """An edge whose live generation no longer refers to gone.example."""
    monkeypatch.setattr(paths, "UNUSED_FILE", str(tmp_path / "state" / "unused.json"))
    machine = Machine(tmp_path)

    def certbot(argv: Sequence[str]) -> Completed | None:
        return machine.delete_lineage(argv) if argv[:2] == ["certbot", "delete"] else None

    machine.programs = certbot
    for name in ("a.example", "gone.example"):
        machine.issue(issued(tmp_path, name), name)
    machine.renew(issued(tmp_path, "mail.example"), "mail.example")
    machine.deploy("a.example", "gone.example")
    machine.deploy("a.example")
    return machine


def tidy(machine: Machine, *wanted: str, days: int = 30, check: bool = False) -> tuple[list[str], bool]:
    return unused.tidy(machine, machine.layout, machine.folders, wanted, keep_days=days, check=check)


def has_lineage(machine: Machine, name: str) -> bool:
    return machine.exists(machine.folders.lineage(name))


def test_a_removed_site_is_reported_once_and_then_removed(machine: Machine) -> None:
    assert tidy(machine, "a.example", check=True) == ([], False)
    assert not Path(paths.UNUSED_FILE).exists()
    lines, changed = tidy(machine, "a.example")
    assert (lines, changed) == (
        [
            "certificate gone.example: no longer in use; certbot renews it until 2027-02-14, and then its lineage is"
            " removed (certbot_keep_unused_days)"
        ],
        False,
    )
    assert tidy(machine, "a.example") == ([], False)
    machine.clock += 31 * DAY
    assert tidy(machine, "a.example", check=True) == (
        ["certificate gone.example: not in use since 2027-01-15, so its certbot lineage would be removed"],
        True,
    )
    assert has_lineage(machine, "gone.example")
    assert tidy(machine, "a.example") == (
        ["certificate gone.example: not in use since 2027-01-15, so its certbot lineage was removed"],
        True,
    )
    assert tidy(machine, "a.example") == ([], False)
    assert [has_lineage(machine, name) for name in ("a.example", "gone.example", "mail.example")] == [True, False, True]


def test_a_run_reports_what_the_timer_removed(machine: Machine) -> None:
    unused.update(machine, machine.layout, machine.folders)
    assert unused.remove(machine, machine.folders, "gone.example") == ""
    assert tidy(machine, "a.example") == (
        ["certificate gone.example: not in use since 2027-01-15, so its certbot lineage was removed"],
        False,
    )
    assert tidy(machine, "a.example") == ([], False)


def test_a_certificate_of_the_model_is_never_unused(machine: Machine) -> None:
    """It may be listed in the model without a site."""
    assert tidy(machine, "a.example", "gone.example", days=0) == ([], False)
    unused.update(machine, machine.layout, machine.folders)
    assert unused.read_record(machine).since == {}
    unused.record_planned(machine, ["a.example"])
    assert list(unused.update(machine, machine.layout, machine.folders).since) == ["gone.example"]


def test_a_rollback_makes_it_used_again(machine: Machine) -> None:
    assert list(unused.update(machine, machine.layout, machine.folders).since) == ["gone.example"]
    roll_back(machine, machine.layout, None, timeout=5, keep=9, check=False)
    assert unused.update(machine, machine.layout, machine.folders).since == {}


@pytest.mark.parametrize("damage", ["no generation", "no manifest"])
def test_nothing_is_unused_where_nothing_is_known(machine: Machine, damage: str) -> None:
    if damage == "no generation":
        Path(machine.layout.conf).unlink()
    else:
        for path in Path(machine.layout.generations).glob("*/MANIFEST.json"):
            path.write_text("junk")
    assert tidy(machine, "a.example", days=0) == ([], False)


def test_the_pair_is_kept_as_long_as_a_kept_generation_uses_it(machine: Machine) -> None:
    pair = key_pairs.read_pair(machine, machine.folders.link("gone.example"))
    tidy(machine, "a.example", days=0)
    assert unused.remove_pairs(machine, machine.layout, machine.folders) == []
    assert find_renewed(machine, machine.folders, NOW) == ([], [])
    roll_back(machine, machine.layout, None, timeout=5, keep=9, check=False)
    assert key_pairs.read_pair(machine, machine.folders.link("gone.example")) == pair
    for _number in range(3):
        machine.deploy("a.example", keep=1)
    assert unused.remove_pairs(machine, machine.layout, machine.folders) == ["gone.example"]
    left = [path.name for path in Path(machine.folders.tls).rglob("*") if "gone.example" in path.name]
    assert left == []
    assert key_pairs.read_pair(machine, machine.folders.link("a.example"))
    unused.update(machine, machine.layout, machine.folders)
    assert unused.read_record(machine).names == set()


def test_a_site_that_returns_is_used(machine: Machine, tmp_path: Path) -> None:
    tidy(machine, "a.example", days=0)
    machine.deploy("a.example", "gone.example")
    machine.issue(issued(tmp_path, "gone.example"), "gone.example")
    tidy(machine, "a.example", "gone.example", days=0)
    assert unused.read_record(machine).names == set()
    machine.deploy("a.example", keep=1)
    assert unused.remove_pairs(machine, machine.layout, machine.folders) == []


def test_what_certbot_does_not_remove_is_reported(machine: Machine) -> None:
    machine.programs = lambda argv: Completed(argv, 1, "", "Another instance of Certbot\nis already running.\n")
    lines, changed = tidy(machine, "a.example", days=0)
    assert (lines, changed) == (
        [
            "certificate gone.example: certbot did not remove its lineage: Another instance of Certbot is already"
            " running."
        ],
        False,
    )
    assert has_lineage(machine, "gone.example")


def test_the_credentials_of_its_renewal_are_removed(machine: Machine) -> None:
    path = Path(machine.folders.letsencrypt, "nginx-edge", "gone.example.dns.ini")
    path.parent.mkdir()
    path.write_text("secret")
    tidy(machine, "a.example", days=0)
    assert not path.exists()


def test_another_source_makes_its_lineage_unused(machine: Machine, tmp_path: Path) -> None:
    """The site stays, and its certificate comes from files now."""
    pair = issued(tmp_path, "gone.example")
    machine.deploy("a.example", "gone.example")
    target = key_pairs.store_pair(machine, machine.folders.tls, "gone.example", pair)
    key_pairs.point(machine, machine.folders.tls, "gone.example", target)
    assert list(unused.update(machine, machine.layout, machine.folders).since) == ["gone.example"]
