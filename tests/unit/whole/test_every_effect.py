# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault at every single effect of every way that an edge is changed.

Whatever goes wrong: what is on disk passes nginx's test, a proven configuration and a whole certificate serve, and the
next run comes to the same end as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import live_name, running_name
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy, roll_back
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.rotation.renewal import take_over
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import certificates, key_pairs
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import WEB
from ansible_collections.hardened.nginx_edge.tests.unit.faults import FAULTS, Fault, FaultyHost, die, survived
from ansible_collections.hardened.nginx_edge.tests.unit.module_utils.rotation.test_renewal import (
    NAME,
    NOW,
    Clients,
    ServingHost,
)

OLD, NEW = made(NAME), made(NAME)
USERS = {"staff-1": "ops:$6$x$y\n"}


def content(digest: str, text: str = "fine", pairs: tuple[str, ...] = ()) -> Content:
    files = {"nginx.conf": f"# @GENERATION@\nlisten 443 ssl;\n{text}\n", "sites/a.conf": "listen 80;\n"}
    return Content(files, digest, 8090, "0.1.0", facts=replace(WEB, pairs=pairs))


def run(host: Any, layout: Any, wanted: Content) -> None:
    """What a play does: deploy, and the handler when something changed or an earlier run left it undone."""
    outcome = deploy(host, layout, wanted, check=False, allow_restart=False, user_files=USERS)
    if outcome.changed or outcome.name != running_name(host, layout):
        reload_and_prove(host, layout, timeout=5, keep=2)


def provide(host: Any, machine: ServingHost, pair: Pair) -> None:
    """What a play does with a provided certificate: decide, deploy, reload where clients get something else."""
    wanted = Wanted(NAME, (NAME,), "provided", fullchain_content=pair.fullchain, privkey_content=pair.privkey)
    decisions = certificates.decide_all(host, machine.folders, [wanted], NOW)
    certificates.install_all(host, machine.folders, decisions)
    if machine.served.get(NAME) != machine.in_use().certificate:
        reload_and_prove(host, machine.layout, timeout=5, keep=9)


@dataclass(frozen=True)
class Way:
    """A way that an edge is changed.

    :param before: makes the edge as it is before; gets the machine.
    :param change: changes it, by way of a host that may be faulty.
    :param answers: generations that may answer after a fault; the last one does after the next run.
    :param served: certificates that may be served after a fault; the last one is after the next run.
    :param repeat: the next run, where that is another one.
    """

    before: Callable[[ServingHost], None]
    change: Callable[[Any, ServingHost], None]
    answers: tuple[str | None, ...]
    served: tuple[Pair, ...] = ()
    repeat: Callable[[Any, ServingHost], None] | None = None


def generations(*names: str) -> Callable[[ServingHost], None]:
    """An edge on which these ran, one after the other."""

    def before(host: ServingHost) -> None:
        for name in names:
            run(host, host.layout, content(name))

    return before


def apply_content(name: str, text: str = "fine") -> Callable[[Any, ServingHost], None]:
    return lambda host, machine: run(host, machine.layout, content(name, text))


def go_back(host: Any, machine: ServingHost) -> None:
    roll_back(host, machine.layout, "aaaa", check=False, timeout=5, keep=9)


def with_pair(pair: Pair, store: str) -> Callable[[ServingHost], None]:
    """An edge that serves a certificate, and a lineage of certbot that holds it."""

    def before(host: ServingHost) -> None:
        host.renew(pair)
        target = key_pairs.store_pair(host, host.folders.tls, NAME, pair, store)
        key_pairs.point(host, host.folders.tls, NAME, target)
        link = host.folders.link(NAME)
        run(host, host.layout, content("aaaa", f"ssl_certificate {link}/fullchain.pem;", (link,)))

    return before


def renewed(host: ServingHost) -> None:
    with_pair(OLD, key_pairs.ISSUED)(host)
    host.renew(NEW)


def take(host: Any, machine: ServingHost) -> None:
    take_over(host, Clients(machine), machine.layout, machine.folders, NOW, only=None, timeout=3)


WAYS = {
    "the first run": Way(generations(), apply_content("bbbb"), (None, "bbbb")),
    "a change": Way(generations("aaaa"), apply_content("bbbb"), ("aaaa", "bbbb")),
    "a change that prunes": Way(generations("cccc", "dddd", "aaaa"), apply_content("bbbb"), ("aaaa", "bbbb")),
    "a change to what ran before": Way(generations("bbbb", "aaaa"), apply_content("bbbb"), ("aaaa", "bbbb")),
    "a change that nginx refuses at its test": Way(
        generations("aaaa"), apply_content("bbbb", "refused at test"), ("aaaa",), repeat=apply_content("aaaa")
    ),
    "a change that nginx refuses at the reload": Way(
        generations("aaaa"), apply_content("bbbb", "refused at reload"), ("aaaa",), repeat=apply_content("aaaa")
    ),
    "a rollback": Way(generations("aaaa", "bbbb"), go_back, ("bbbb", "aaaa")),
    "a provided certificate": Way(
        with_pair(OLD, key_pairs.STORE), lambda host, machine: provide(host, machine, NEW), ("aaaa",), (OLD, NEW)
    ),
    "a renewed certificate": Way(renewed, take, ("aaaa",), (OLD, NEW)),
}


def assert_whole(host: ServingHost, way: Way) -> None:
    """What is on disk passes nginx's test; what answers was proven; a whole pair is on disk, and one is served."""
    # What nginx refuses at its reload alone passes its test: a run that died in between leaves that, and only that.
    assert "refused at test" not in host.conf_text(host.layout.conf)
    assert host.answers in way.answers
    if way.served:
        assert host.in_use() in way.served
        assert host.served[NAME] in [pair.certificate for pair in way.served]


@pytest.mark.parametrize("fault", [fault for _name, fault in FAULTS], ids=[name for name, _fault in FAULTS])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_fault_at_any_effect_breaks_an_edge(
    tmp_path: Path, way: Way, fault: Fault, record_property: Callable[[str, object], None]
) -> None:
    counted = ServingHost(tmp_path / "counted")
    way.before(counted)
    counting = FaultyHost(counted, -1, die)
    with survived():
        way.change(counting, counted)
    assert counting.count > 3
    for at in range(counting.count):
        host = ServingHost(tmp_path / str(at))
        way.before(host)
        with survived():
            way.change(FaultyHost(host, at, fault), host)
        assert_whole(host, way)
        (way.repeat or way.change)(host, host)
        assert host.answers == way.answers[-1] == live_name(host, host.layout) == running_name(host, host.layout)
        if way.served:
            assert (host.in_use(), host.served[NAME]) == (way.served[-1], way.served[-1].certificate)
    record_property("faults", counting.count)
