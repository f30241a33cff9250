# SPDX-License-Identifier: GPL-3.0-or-later
"""What a generation refers to changes under it: certificates, names of upstreams, and the generations to go back to."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import GENERATIONS, Edge

RSA = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=other -keyout privkey.pem -out /dev/null 2>/dev/null"
)

SPOILT = "/etc/nginx/tls/.spoilt"  # below /root the sandbox of nginx sees nothing


@dataclass(frozen=True)
class Broken:
    """A pair that is broken on disk.

    :param script: run in a copy of the pair's folder.
    :param told: what the reload has to say; empty where it goes through.
    :param sound: whether ``nginx -t`` takes it.
    """

    script: str
    told: str
    sound: bool


BROKEN = {
    "missing": Broken("rm privkey.pem", "privkey.pem", sound=False),
    "truncated": Broken("truncate --size=200 fullchain.pem", "fullchain.pem", sound=False),
    "of two types": Broken(RSA, "the private key does not match the certificate", sound=True),
    "expired": Broken(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=old"
        " -keyout privkey.pem -out fullchain.pem 2>/dev/null;"
        # Older versions of openssl know no dates, newer ones no days below zero.
        ' again() { openssl x509 -in fullchain.pem -signkey privkey.pem -out old.pem "$@" 2>/dev/null; };'
        " again -not_before 20250101000000Z -not_after 20250201000000Z || again -days -1; mv old.pem fullchain.pem",
        "",
        sound=True,
    ),
}


@contextlib.contextmanager
def broken_pair(edge: Edge, script: str) -> Iterator[None]:
    """The site's certificate leads to a broken copy of its pair."""
    link = f"/etc/nginx/tls/{edge.name}"
    before = edge.sh(f"readlink {link}").strip()
    edge.sh(f"rm -rf {SPOILT}; cp -rL {link} {SPOILT}; cd {SPOILT}; {script}")
    edge.sh(f"ln -sfn {SPOILT} {link}")
    try:
        yield
    finally:
        edge.sh(f"ln -sfn {before} {link}")


@pytest.mark.parametrize("kind", BROKEN)
def test_a_pair_is_broken_on_disk(edge: Edge, row: Callable[..., None], kind: str) -> None:
    broken = BROKEN[kind]
    with broken_pair(edge, broken.script):
        done, state = edge.do("reload"), edge.state()
    assert done.code == (1 if broken.told else 0), done
    assert broken.told in done.told
    assert done.failures == ()
    assert (state.served, state.sound) == ("good", broken.sound)
    again = edge.do("reload")
    assert (again.code, again.failures) == (0, ()), again
    row(
        f"a pair is {kind} on disk, and nginx is reloaded",
        reports=done.line,
        during="no fresh request failed",
        after="the same generation, with " + ("the pair from memory" if broken.told else "the expired certificate"),
        next_run="with the pair fixed, reloads",
    )


def test_an_upstream_cannot_be_resolved(edge: Edge, row: Callable[..., None]) -> None:
    # The file of names is a mount: it can be written, and not replaced.
    edge.sh("cp /etc/hosts /root/hosts; sed /app.internal/d /root/hosts > /etc/hosts")
    try:
        changed, reloaded, state = edge.change("never"), edge.do("reload"), edge.state()
    finally:
        edge.sh("cat /root/hosts > /etc/hosts")
    for done in (changed, reloaded):
        assert (done.code, done.failures) == (1, ())
        assert " (named): nginx says: host not found in upstream" in done.told
    assert state.served == "good"
    assert edge.change("resolved").code == 0
    row(
        "the name of an upstream cannot be resolved any more",
        reports=reloaded.line,
        during="no fresh request failed",
        after="the old generation, from memory",
        next_run="when it can be resolved, makes the change",
        injected=2,
    )


REFUSED = {
    "zone": 'uses the "$uri" key while previously it used the "$edge_client" key',
    "cache": 'uses the "/var/cache/nginx-edge/moved-',
}


@pytest.mark.parametrize("kind", REFUSED)
def test_nginx_refuses_a_reload(edge: Edge, row: Callable[..., None], kind: str) -> None:
    done, state = edge.change("never", "--refused", kind, "--timeout", "3"), edge.state()
    assert (done.code, done.failures) == (1, ()), done
    assert "the edge was rolled back to" in done.told
    assert REFUSED[kind] in done.told
    assert (state.served, state.settled) == ("good", True)
    row(
        f"a {kind} under its old name with another {'key' if kind == 'zone' else 'path'}: nginx refuses the reload, "
        "and calls it a success",
        reports=done.line,
        during="no fresh request failed",
        after="the old generation",
        next_run="of the model before " + edge.again("good"),
    )


def test_what_ran_before_would_not_be_taken_any_more(edge: Edge, row: Callable[..., None]) -> None:
    running = edge.state().running
    edge.sh(f"echo 'ssl_certificate /nowhere;' >> {GENERATIONS}/{running}/upstreams.conf")
    done, state = edge.change("never", "--refused", "zone", "--timeout", "3"), edge.state()
    assert (done.code, done.failures, state.sound) == (1, (), True), done
    assert f"generation {running} was skipped: " in done.told
    assert state.settled
    assert state.live not in (running, None)
    assert edge.change("good").code == 0
    row(
        "nginx refuses the reload, and would not take any more what ran before",
        reports=done.line,
        during="no fresh request failed",
        after="the generation before that",
        next_run="makes the change; then " + edge.again("good"),
    )


def test_the_way_back_leads_to_what_cannot_be_taken(edge: Edge, row: Callable[..., None]) -> None:
    before = edge.state()
    back = before.back or ""
    edge.sh(f"echo 'broken on;' >> {GENERATIONS}/{back}/upstreams.conf")
    done, state = edge.do("rollback", back), edge.state()
    assert (done.code, done.failures) == (1, ()), done
    assert f"generation {back} was changed by hand: upstreams.conf" in done.told
    assert state == dataclasses.replace(before, back=state.back)
    row(
        "the generation to go back to was changed by hand",
        reports=done.line,
        during="no fresh request failed",
        after="the same generation",
        next_run=edge.again("good"),
    )
