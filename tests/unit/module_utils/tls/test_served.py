# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs, served
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.connections import GROUP, server_name
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import (
    Handshake,
    LoopbackClient,
    Observation,
    handshake_for,
    observe,
    observe_wanted,
    stale_names,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made

HOST = LocalHost()
NAMES = ("a.example", "b.example")


@pytest.fixture(scope="module")
def pair() -> Pair:
    return made(*NAMES)


@contextlib.contextmanager
def serving(pair: Pair, folder: Path, second: Path | None = None, group: str = "") -> Iterator[int]:
    """A TLS server on loopback that knows b.example alone, as nginx with ssl_reject_handshake does."""
    (folder / "pair.pem").write_text(pair.fullchain + pair.privkey)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    if second:
        context.load_cert_chain(second)
    if group:
        context.set_ecdh_curve(group)
    alerts = {"b.example": None, "broken.example": ssl.ALERT_DESCRIPTION_INTERNAL_ERROR}
    unknown = ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    context.sni_callback = lambda _socket, name, _context: alerts.get(name, unknown)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def test_the_served_certificate_is_read_and_refused_names_are_told_apart(pair: Pair, tmp_path: Path) -> None:
    with serving(pair, tmp_path) as port:
        edge = LoopbackClient(https_port=port)
        assert edge.handshake("b.example") == Handshake(pair.certificate)
        refused = edge.handshake("a.example")
        assert (refused.certificate, refused.refused) == (None, True)
        broken = edge.handshake("broken.example")
        assert (broken.certificate, broken.refused) == (None, False)
        assert handshake_for(edge, NAMES).certificate == pair.certificate
    silent = edge.handshake("b.example")
    assert (silent.certificate, silent.refused) == (None, False)
    assert f"127.0.0.1:{port} does not answer" in silent.problem


def test_both_certificates_of_a_site_are_found(pair: Pair, tmp_path: Path) -> None:
    rsa = made("b.example", key_type="rsa")
    (tmp_path / "rsa.pem").write_text(rsa.fullchain + rsa.privkey)
    with serving(pair, tmp_path, tmp_path / "rsa.pem") as port:
        edge = LoopbackClient(https_port=port)
        for one in (pair, rsa):
            assert handshake_for(edge, ("b.example",), one.certificate).certificate == one.certificate
    with serving(pair, tmp_path) as port:
        found = handshake_for(LoopbackClient(https_port=port), ("b.example",), rsa.certificate)
        assert found.certificate == pair.certificate


@pytest.mark.parametrize("group", [GROUP, "secp384r1"])
def test_a_server_may_have_another_group_than_the_client_prefers(pair: Pair, tmp_path: Path, group: str) -> None:
    with serving(pair, tmp_path, group=group) as port:
        assert LoopbackClient(https_port=port).handshake("b.example") == Handshake(pair.certificate)


@pytest.mark.parametrize(
    ("name", "asked"),
    [("a.example", "a.example"), ("*.example", "probe.example"), ("10.0.0.1", None), ("fd00::1", None)],
)
def test_what_is_asked_for(name: str, asked: str | None) -> None:
    assert server_name(name) == asked


def test_stale_is_what_clients_get_wrong(pair: Pair) -> None:
    other = made(*NAMES).certificate
    own = pair.certificate
    cases = {
        "current": (Observation("x", NAMES, own, "", Handshake(own)), True, False, ""),
        "old one": (
            Observation("x", NAMES, own, "", Handshake(other)),
            False,
            True,
            f"serves serial {other.serial}",
        ),
        "no answer": (Observation("x", NAMES, own, "", Handshake(None, problem="silence")), False, True, "silence"),
        "no site": (
            Observation("x", NAMES, own, "", Handshake(None, refused=True)),
            False,
            False,
            "no site of this edge",
        ),
        "no file": (Observation("x", NAMES, None, "is missing", Handshake(other)), False, True, "is missing"),
    }
    for observation, current, stale, problem in cases.values():
        assert (observation.current, observation.stale) == (current, stale)
        assert observation.problem.startswith(problem)
        assert bool(observation.problem) is bool(problem)


@pytest.mark.parametrize(("good_after", "expected"), [(3, 3), (100, 10)])
def test_waiting_ends_when_all_is_well_or_the_time_is_up(pair: Pair, good_after: int, expected: int) -> None:
    clock = [0.0]
    looks = []

    def look(name: str) -> Observation:
        looks.append(name)
        good = name == "good" or looks.count(name) >= good_after
        return Observation(name, NAMES, pair.certificate, "", Handshake(pair.certificate if good else None))

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    seen = observe(look, ["slow", "good"], timeout=4.5, clock=lambda: clock[0], sleep=sleep)
    assert [one.name for one in seen] == ["slow", "good"]
    assert seen[0].current is (good_after == expected)
    assert looks.count("slow") == expected
    assert looks.count("good") == 1


def test_requested_certificates_are_compared_with_those_on_disk(pair: Pair, tmp_path: Path) -> None:
    folders = Folders(str(tmp_path / "tls"), str(tmp_path / "letsencrypt"))
    key_pairs.point(HOST, folders.tls, "same", key_pairs.store_pair(HOST, folders.tls, "same", pair))
    other = made(*NAMES)
    key_pairs.point(HOST, folders.tls, "other", key_pairs.store_pair(HOST, folders.tls, "other", other))
    wanted = [Wanted(name, NAMES) for name in ("same", "other", "missing")]
    wanted.append(Wanted("unused", ("a.example",)))
    with serving(pair, tmp_path) as port:
        seen = observe_wanted(HOST, LoopbackClient(https_port=port), folders, wanted)
    assert [one.name for one in seen] == ["same", "other", "missing", "unused"]
    assert stale_names(seen) == ["other", "missing"]


def test_a_served_certificate_that_cannot_be_read_is_a_problem(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_data: bytes) -> None:
        raise EdgeError("the certificate cannot be read")

    monkeypatch.setattr(served, "parse_der", damaged)
    with serving(pair, tmp_path) as port:
        shown = LoopbackClient(https_port=port).handshake("b.example")
    assert shown == Handshake(None, problem="the certificate cannot be read")
