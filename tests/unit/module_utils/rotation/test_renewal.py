# SPDX-License-Identifier: GPL-3.0-or-later
"""Renewed certificates: taken over whole, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import paths
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation import metrics, renewals
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.renewal import observe_all, take_over
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import Handshake
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.x509 import X509Certificate
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import WEB, EdgeHost

NAME = "a.example"
NOW = datetime.now(timezone.utc) + timedelta(hours=1)


class Clients:
    """What the clients of a host get."""

    def __init__(self, host: ServingHost) -> None:
        self._host = host

    def handshake(self, name: str, key_type: str | None = None) -> Handshake:
        found = self._host.served.get(name)
        return Handshake(found, refused=found is None)


class ServingHost(EdgeHost):
    """An edge whose nginx serves the certificates that it read when it last reloaded."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.folders = Folders(str(root / "nginx" / "tls"), str(root / "letsencrypt"))
        self.served: dict[str, X509Certificate] = {}
        self.reads_certificates = True

    def _reload(self) -> None:
        super()._reload()
        if self.reads_certificates and "refused at" not in self.conf_text(self.layout.conf):
            for name in self.listdir(self.folders.tls):
                if self.readlink(self.folders.link(name)):
                    self.served[name] = key_pairs.read_chain(self, self.folders.link(name))[0]

    def renew(self, pair: Pair, name: str = NAME) -> str:
        """As certbot does: the lineage's files change, nginx's do not."""
        folder = Path(self.folders.lineage(name))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "fullchain.pem").write_text(pair.fullchain)
        (folder / "privkey.pem").write_text(pair.privkey)
        return str(folder)

    def in_use(self, name: str = NAME) -> Pair:
        return key_pairs.read_pair(self, self.folders.link(name))

    def take_over(self, only: str | None = None) -> list[str]:
        return take_over(self, Clients(self), self.layout, self.folders, NOW, only=only, timeout=3)


@pytest.fixture
def first() -> Pair:
    return made(NAME)


@pytest.fixture
def host(tmp_path: Path, first: Pair) -> ServingHost:
    """An edge that serves the first certificate that was issued for its site."""
    host = ServingHost(tmp_path)
    host.renew(first)
    target = key_pairs.store_pair(host, host.folders.tls, NAME, first, key_pairs.ISSUED)
    key_pairs.point(host, host.folders.tls, NAME, target)
    text = f"# @GENERATION@\nlisten 443 ssl;\nssl_certificate {host.folders.link(NAME)}/fullchain.pem;\n"
    content = Content({"nginx.conf": text}, "aaaa", 8090, "0.1.0", facts=replace(WEB, pairs=(host.folders.link(NAME),)))
    deploy(host, host.layout, content, check=False, allow_restart=False)
    reload_and_prove(host, host.layout, timeout=5, keep=9)
    return host


def test_a_renewed_certificate_is_served_and_the_one_before_is_kept(host: ServingHost, first: Pair) -> None:
    second = made(NAME)
    lineage = host.renew(second)
    assert host.in_use() == first  # nginx never reads certbot's own files
    assert host.take_over(lineage) == [NAME]
    assert host.in_use() == second
    assert host.served[NAME] == second.certificate
    assert host.listdir(f"{host.folders.tls}/.issued/{NAME}") == sorted([first.digest, second.digest])
    third = made(NAME)
    host.renew(third)
    assert host.take_over() == [NAME]
    assert host.listdir(f"{host.folders.tls}/.issued/{NAME}") == sorted([second.digest, third.digest])


def test_nothing_renewed_means_no_reload(host: ServingHost) -> None:
    ran = len(host.commands)
    assert host.take_over() == []
    assert host.commands[ran:] == []


def test_a_lineage_that_nginx_does_not_use_is_none_of_its_business(host: ServingHost, first: Pair) -> None:
    lineage = host.renew(made("mail.example"), "mail.example")
    assert host.take_over(lineage) == []
    assert host.in_use() == first


def test_what_is_shown_for_names_that_no_site_has_is_no_fault(host: ServingHost, first: Pair) -> None:
    unused = made("gone.example")
    target = key_pairs.store_pair(host, host.folders.tls, "gone.example", unused, key_pairs.ISSUED)
    key_pairs.point(host, host.folders.tls, "gone.example", target)
    host.renew(unused, "gone.example")
    host.served["gone.example"] = first.certificate  # as nginx 1.18 does, which cannot refuse
    assert host.take_over() == []


@pytest.mark.parametrize("wrong", ["key", "expired", "not yet", "missing", "junk"])
def test_a_bad_lineage_changes_nothing_and_is_told(host: ServingHost, first: Pair, wrong: str) -> None:
    second = made(NAME)
    if wrong == "key":
        second = replace(second, privkey=first.privkey)
    lineage = host.renew(second)
    if wrong == "junk":
        (Path(lineage) / "fullchain.pem").write_text("junk")
    if wrong == "missing":
        (Path(lineage) / "privkey.pem").unlink()
    now = NOW + {"expired": timedelta(days=91), "not yet": timedelta(days=-2)}.get(wrong, timedelta(0))
    with pytest.raises(EdgeError, match="nginx keeps the current one"):
        take_over(host, Clients(host), host.layout, host.folders, now, only=None, timeout=3)
    assert host.in_use() == first
    assert host.served[NAME] == first.certificate


def test_a_bad_lineage_does_not_keep_the_others_from_their_clients(host: ServingHost) -> None:
    other = made("b.example")
    target = key_pairs.store_pair(host, host.folders.tls, "b.example", made("b.example"), key_pairs.ISSUED)
    key_pairs.point(host, host.folders.tls, "b.example", target)
    host.renew(other, "b.example")
    host.renew(replace(made(NAME), privkey=other.privkey))
    with pytest.raises(EdgeError, match="cannot be used"):
        host.take_over()
    assert host.served["b.example"] == other.certificate


@pytest.mark.parametrize("when", ["refused at test", "refused at reload"])
def test_what_nginx_does_not_take_leads_back_to_the_pair_before(host: ServingHost, first: Pair, when: str) -> None:
    conf = Path(host.layout.generations) / "aaaa" / "nginx.conf"
    conf.write_text(f"{conf.read_text()}\n# {when}\n")
    host.renew(made(NAME))
    with pytest.raises(EdgeError):
        host.take_over()
    assert host.in_use() == first
    assert host.served[NAME] == first.certificate


def test_a_reload_that_does_not_change_what_is_served_fails(host: ServingHost) -> None:
    host.reads_certificates = False
    host.renew(made(NAME))
    with pytest.raises(EdgeError, match="nginx does not serve") as told:
        host.take_over()
    assert "serves serial" in told.value.details[0]


def test_a_run_that_died_before_its_reload_is_mended(host: ServingHost) -> None:
    second = made(NAME)
    host.renew(second)
    target = key_pairs.store_pair(host, host.folders.tls, NAME, second, key_pairs.ISSUED)
    key_pairs.point(host, host.folders.tls, NAME, target)
    assert host.take_over() == []
    assert host.served[NAME] == second.certificate


def test_metrics_tell_disk_and_served_apart(host: ServingHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "RENEWAL_FILE", str(tmp_path / "renewal.json"))
    second = made(NAME, days=10)
    target = key_pairs.store_pair(host, host.folders.tls, NAME, second, key_pairs.ISSUED)
    key_pairs.point(host, host.folders.tls, NAME, target)

    def told() -> dict[str, float]:
        seen = observe_all(host, Clients(host), host.layout, host.folders, [NAME])
        text = metrics.as_text(seen, renewals.read_renewal(host), NOW)
        samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name.removeprefix("nginx_edge_"): float(value) for name, _space, value in samples}

    before = told()
    assert round(before[f'certificate_days_left{{certificate="{NAME}",at="disk"}}']) == 10
    assert round(before[f'certificate_days_left{{certificate="{NAME}",at="served"}}']) == 90
    assert before[f'certificate_served{{certificate="{NAME}"}}'] == 0
    assert not [name for name in before if name.startswith("renewal")]
    renewals.record_renewal(host, "success")
    success = told()["renewal_last_success_timestamp_seconds"]
    renewals.record_renewal(host, "exit-code")
    after = told()
    assert after["renewal_succeeded"] == 0
    assert after["renewal_last_success_timestamp_seconds"] == success < after["renewal_ended_timestamp_seconds"]


def test_labels_are_escaped() -> None:
    assert metrics.label('a"b\\c\nd') == 'a\\"b\\\\c\\nd'
