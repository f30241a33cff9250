# SPDX-License-Identifier: GPL-3.0-or-later
"""One edge orders, others receive: provided certificates, authorized keys, deployment."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import paths
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation import receiving, sharing
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.receiving import Settings
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.sharing import Follower
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.certificates import decide
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import issued, made
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import WEB
from ansible_collections.hardened.nginx_edge.tests.unit.module_utils.rotation.test_renewal import (
    NAME,
    NOW,
    Clients,
    ServingHost,
)

SETTINGS = Settings("edge-1", "10.0.0.1", 22, sharing.ACCOUNT, {NAME: [NAME]})
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOrderer"


class Receiver(ServingHost):
    """An edge that receives what the test says."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.handed: Completed = Completed([], 255, "", "Permission denied (publickey).\n")

    def hand(self, pairs_by_name: Mapping[str, Any]) -> None:
        self.handed = Completed([], 0, json.dumps({"format": sharing.FORMAT, "pairs": pairs_by_name}), "")

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120.0
    ) -> Completed:
        return self.handed if argv[0] == "ssh" else super().run(argv, env=env, stdin=stdin, timeout=timeout)

    def receive(self, check: bool = False) -> list[str]:
        return receiving.receive(
            self, Clients(self), self.layout, self.folders, settings=SETTINGS, now=NOW, timeout=3, check=check
        )


def as_handed(pair: Pair) -> dict[str, str]:
    return {"fullchain": pair.fullchain, "privkey": pair.privkey}


@pytest.fixture
def placeholder() -> Pair:
    return made(NAME)


@pytest.fixture
def host(tmp_path: Path, placeholder: Pair) -> Receiver:
    """An edge that serves a placeholder."""
    host = Receiver(tmp_path)
    key_pairs.point(host, host.folders.tls, NAME, key_pairs.store_pair(host, host.folders.tls, NAME, placeholder))
    content = Content({"nginx.conf": "# @GENERATION@\nlisten 443 ssl;\n"}, "aaaa", 8090, "0.1.0", facts=WEB)
    deploy(host, host.layout, content, check=False, allow_restart=False)
    reload_and_prove(host, host.layout, timeout=5, keep=9)
    return host


def test_what_is_received_is_served(host: Receiver, tmp_path: Path) -> None:
    pair = issued(tmp_path, NAME)
    host.hand({NAME: as_handed(pair), "other.example": {"fullchain": "not", "privkey": "ours"}})
    assert host.receive(check=True) == [NAME]
    assert host.in_use() != pair
    assert host.receive() == [NAME]
    assert host.in_use() == pair
    assert host.served[NAME] == pair.certificate
    key = Path(host.folders.link(NAME), "privkey.pem")
    assert key.stat().st_mode & 0o777 == 0o600
    assert host.receive() == []


@pytest.mark.parametrize(
    "wrong", ["key", "junk", "missing", "no key", "names", "expired", "self-signed", "format", "no JSON"]
)
def test_what_is_wrong_changes_nothing_and_is_told(
    host: Receiver, tmp_path: Path, placeholder: Pair, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = issued(tmp_path, *(["b.example"] if wrong == "names" else [NAME]))
    item: dict[str, Any] = as_handed(made(NAME) if wrong == "self-signed" else pair)
    if wrong == "key":
        item["privkey"] = placeholder.privkey
    if wrong == "junk":
        item["fullchain"] = item["fullchain"][:200]
    if wrong == "no key":
        del item["privkey"]
    host.hand({} if wrong == "missing" else {NAME: item})
    if wrong == "format":
        host.handed = Completed([], 0, '{"format": 2, "pairs": {}}', "")
    if wrong == "no JSON":
        host.handed = Completed([], 0, host.handed.stdout[:-3], "")
    if wrong == "expired":
        monkeypatch.setattr(key_pairs, "expiry_problem", lambda _pair, _now: "the certificate expired on 2026-01-01")
    with pytest.raises(EdgeError) as told:
        host.receive()
    assert pair.privkey.splitlines()[1] not in str(told.value)
    assert host.in_use() == placeholder
    assert host.served[NAME] == placeholder.certificate


def test_one_that_hands_over_nothing_is_told_in_the_words_of_ssh(host: Receiver, placeholder: Pair) -> None:
    with pytest.raises(EdgeError, match=r"edge-1 \(10.0.0.1\) sent no certificates") as told:
        host.receive()
    assert told.value.details == ("Permission denied (publickey).",)
    assert host.in_use() == placeholder


def test_an_older_one_is_no_way_forward(host: Receiver, tmp_path: Path) -> None:
    old = issued(tmp_path, NAME)
    time.sleep(1.1)  # dates of certificates are in seconds
    new = issued(tmp_path, NAME)
    host.hand({NAME: as_handed(new)})
    assert host.receive() == [NAME]
    host.hand({NAME: as_handed(old)})
    with pytest.raises(EdgeError) as told:
        host.receive()
    assert "older than the one in use" in told.value.details[0]
    assert host.in_use() == new


def test_what_nginx_does_not_take_leads_back(host: Receiver, tmp_path: Path, placeholder: Pair) -> None:
    conf = Path(host.layout.generations) / "aaaa" / "nginx.conf"
    conf.write_text(f"{conf.read_text()}\n# refused at reload\n")
    host.hand({NAME: as_handed(issued(tmp_path, NAME))})
    with pytest.raises(EdgeError):
        host.receive()
    assert host.in_use() == placeholder


def test_until_something_is_received_a_placeholder_serves(host: Receiver, tmp_path: Path, placeholder: Pair) -> None:
    wanted = Wanted(NAME, (NAME,), "received")
    assert decide(host, host.folders, wanted, NOW).state == "placeholder"
    assert not decide(host, host.folders, wanted, NOW).changes
    host.hand({NAME: as_handed(issued(tmp_path, NAME))})
    host.receive()
    assert (decide(host, host.folders, wanted, NOW).state, decide(host, host.folders, wanted, NOW).changes) == (
        "received",
        False,
    )
    Path(host.folders.link(NAME), "privkey.pem").write_text(placeholder.privkey)
    assert decide(host, host.folders, wanted, NOW).make


@pytest.fixture
def issuing_edge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServingHost:
    """An edge that orders for others; its account is whoever runs this test."""
    home = tmp_path / "share"
    home.mkdir()
    for name, path in (
        ("SHARE_HOME", home),
        ("SHARE_BUNDLE", home / "pairs.json"),
        ("SHARE_AUTHORIZED", home / ".ssh" / "authorized_keys"),
    ):
        monkeypatch.setattr(paths, name, str(path))
    monkeypatch.setattr(sharing, "ACCOUNT", "root")
    return ServingHost(tmp_path)


def lines(issuing_edge: ServingHost) -> list[str]:
    return (issuing_edge.read(paths.SHARE_AUTHORIZED) or b"").decode().splitlines()


def test_a_key_is_good_for_one_command_and_from_one_address(issuing_edge: ServingHost) -> None:
    followers = [Follower("edge-2", f"{KEY} root@edge-2", "10.0.0.2")]
    assert sharing.authorize(issuing_edge, followers, ["edge-2", "edge-3"], check=True)
    assert lines(issuing_edge) == []
    assert sharing.authorize(issuing_edge, followers, ["edge-2", "edge-3"], check=False)
    assert lines(issuing_edge) == [
        f'restrict,from="10.0.0.2",command="cat {paths.SHARE_BUNDLE}" {KEY} nginx-edge:edge-2',
    ]
    assert not sharing.authorize(issuing_edge, followers, ["edge-2", "edge-3"], check=False)


def test_who_left_the_inventory_is_let_in_no_longer(issuing_edge: ServingHost) -> None:
    sharing.authorize(issuing_edge, [Follower("edge-2", KEY, "10.0.0.2")], ["edge-2", "edge-3"], check=False)
    sharing.authorize(issuing_edge, [Follower("edge-3", KEY, "2001:db8::3")], ["edge-2", "edge-3"], check=False)
    assert [line.rpartition(":")[2] for line in lines(issuing_edge)] == ["edge-2", "edge-3"]
    assert sharing.authorize(issuing_edge, [], ["edge-3"], check=False)
    assert [line.rpartition(":")[2] for line in lines(issuing_edge)] == ["edge-3"]


@pytest.mark.parametrize(
    "wrong",
    [
        Follower("edge-2", "ssh-ed25519", "10.0.0.2"),
        Follower("edge-2", f"{KEY}\n{KEY}", "10.0.0.2"),
        Follower("edge-2", f'command="sh" {KEY}', "10.0.0.2"),
        Follower("edge-2", KEY, '*",command="sh'),
        Follower("edge 2", KEY, "10.0.0.2"),
    ],
)
def test_nothing_else_gets_into_the_list(issuing_edge: ServingHost, wrong: Follower) -> None:
    with pytest.raises(EdgeError, match="cannot be written to"):
        sharing.authorize(issuing_edge, [wrong], ["edge-2"], check=False)
    assert lines(issuing_edge) == []


def test_what_nginx_serves_from_lineages_is_written_to_the_bundle(issuing_edge: ServingHost, tmp_path: Path) -> None:
    pair, own = issued(tmp_path, NAME), made("own.example")
    tls = issuing_edge.folders.tls
    key_pairs.point(issuing_edge, tls, NAME, key_pairs.store_pair(issuing_edge, tls, NAME, pair, key_pairs.ISSUED))
    key_pairs.point(issuing_edge, tls, "own.example", key_pairs.store_pair(issuing_edge, tls, "own.example", own))
    assert sharing.write_bundle(issuing_edge, issuing_edge.folders, check=True)
    assert issuing_edge.read(paths.SHARE_BUNDLE) is None
    assert sharing.write_bundle(issuing_edge, issuing_edge.folders)
    assert not sharing.write_bundle(issuing_edge, issuing_edge.folders)
    assert json.loads(issuing_edge.read(paths.SHARE_BUNDLE) or b"") == {"format": 1, "pairs": {NAME: as_handed(pair)}}
    assert Path(paths.SHARE_BUNDLE).stat().st_mode & 0o777 == 0o640
    Path(issuing_edge.folders.link(NAME), "privkey.pem").write_text(own.privkey)
    with pytest.raises(EdgeError):
        sharing.write_bundle(issuing_edge, issuing_edge.folders)
    assert json.loads(issuing_edge.read(paths.SHARE_BUNDLE) or b"")["pairs"][NAME] == as_handed(pair)


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHost:
    for name in ("SETTINGS", "KEY", "KNOWN_HOSTS"):
        monkeypatch.setattr(paths, f"RECEIVE_{name}", str(tmp_path / "own" / name.lower()))
    monkeypatch.setattr(paths, "RECEIVE_FOLDER", str(tmp_path / "own"))
    return LocalHost()


def test_a_host_is_made_ready_once(prepared: LocalHost) -> None:
    with pytest.raises(EdgeError, match="receives no certificates"):
        receiving.read_settings(prepared)
    assert receiving.prepare(prepared, SETTINGS, [KEY], check=True) == (True, "")
    assert not Path(paths.RECEIVE_FOLDER).exists()
    changed, key = receiving.prepare(prepared, SETTINGS, [KEY], check=False)
    assert changed
    assert key.startswith("ssh-ed25519 ")
    assert Path(paths.RECEIVE_KEY).stat().st_mode & 0o777 == 0o600
    assert receiving.prepare(prepared, SETTINGS, [KEY], check=False) == (False, key)
    assert receiving.prepare(prepared, SETTINGS, [], check=False) == (False, key)  # who orders is not in this run
    assert Path(paths.RECEIVE_KNOWN_HOSTS).read_text() == f"nginx-edge-issuing-edge {KEY}\n"
    assert receiving.read_settings(prepared) == SETTINGS
    other = replace(SETTINGS, address="10.0.0.9")
    assert receiving.prepare(prepared, other, [KEY], check=False) == (True, key)
    assert receiving.read_settings(prepared).address == "10.0.0.9"
