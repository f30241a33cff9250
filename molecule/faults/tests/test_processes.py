# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx dead, stopped, masked, started by hand, and replaced while it runs; and two runs at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import Edge

MASTER = "$(cat /run/nginx.pid)"


def test_the_master_is_killed(edge: Edge, row: Callable[..., None]) -> None:
    edge.sh(f"kill -9 {MASTER}")
    started = time.monotonic()
    state = edge.settled(patience=60)
    assert (state.served, state.settled) == ("good", True)
    row(
        "the master is killed",
        reports="no run goes on",
        during="nothing, until systemd has started it again",
        after="the same generation",
        next_run=edge.again("good"),
    )
    assert time.monotonic() - started < 30


def test_the_master_is_killed_right_before_a_change(edge: Edge, row: Callable[..., None]) -> None:
    edge.sh(f"kill -9 {MASTER}")
    done = edge.change("after the kill")
    assert done.code == 0, done
    assert edge.state().served == "after the kill"
    row(
        "the master is killed, and a change comes before systemd has started it again",
        reports="done: nginx is started with the new generation, and proven",
        during="nothing until then",
        after="the new generation",
        next_run=edge.again("after the kill"),
    )


def test_nginx_is_stopped(edge: Edge, row: Callable[..., None]) -> None:
    edge.sh("systemctl stop nginx")
    done = edge.change("after the stop")
    assert done.code == 0, done
    assert edge.state().served == "after the stop"
    row(
        "nginx is stopped",
        reports="done: nginx is started with the new generation, and proven",
        during="nothing until then",
        after="the new generation",
        next_run=edge.again("after the stop"),
    )


def test_nginx_is_masked_and_runs(edge: Edge, row: Callable[..., None]) -> None:
    edge.sh("systemctl mask nginx")
    try:
        done = edge.change("masked")
    finally:
        edge.sh("systemctl unmask nginx")
    assert (done.code, done.failures) == (0, ()), done
    assert edge.state().served == "masked"
    row(
        "the unit is masked while nginx runs (the change alone; a whole run stops at the role nginx)",
        reports="done: a signal reaches nginx where systemd refuses",
        during="no fresh request failed",
        after="the new generation",
        next_run=edge.again("masked"),
    )


def test_nginx_is_masked_and_stopped(edge: Edge, row: Callable[..., None]) -> None:
    edge.sh("systemctl stop nginx; systemctl mask nginx")
    try:
        done, state = edge.change("masked"), edge.state()
    finally:
        edge.sh("systemctl unmask nginx")
    assert (done.code, state.sound) == (1, True)
    assert "masked" in done.told
    again = edge.change("unmasked")
    assert again.code == 0, again
    assert edge.state().served == "unmasked"
    row(
        "the unit is masked, and nginx does not run",
        reports=done.line,
        during="nothing",
        after="nothing; on disk is the old generation",
        next_run="unmasked, starts nginx with the new generation; then " + edge.again("unmasked"),
    )


def test_nginx_was_started_by_hand(edge: Edge, row: Callable[..., None]) -> None:
    edge.sh("systemctl stop nginx; nginx")
    done = edge.change("by hand")
    assert (done.code, done.failures) == (0, ()), done
    assert edge.state().served == "by hand"
    edge.sh("nginx -s quit; while pgrep -x nginx >/dev/null; do sleep 0.1; done; systemctl start nginx")
    assert edge.state().served == "by hand"
    row(
        "nginx was started by hand (the change alone; a whole run stops at the role nginx)",
        reports="done: a signal reaches nginx where systemd refuses",
        during="no fresh request failed",
        after="the new generation",
        next_run=edge.again("by hand"),
    )


def test_the_binary_is_replaced_under_a_running_master(edge: Edge, row: Callable[..., None]) -> None:
    edge.sh("cp -a /usr/sbin/nginx /usr/sbin/nginx.new; mv /usr/sbin/nginx.new /usr/sbin/nginx")
    assert edge.sh(f"readlink /proc/{MASTER}/exe").strip().endswith("(deleted)")
    done = edge.change("old binary")
    assert (done.code, done.failures) == (0, ()), done
    edge.sh("systemctl restart nginx")
    assert edge.state().served == "old binary"
    row(
        "the binary is replaced under a running master",
        reports=done.line,
        during="no fresh request failed",
        after="the new generation, by the old binary",
        next_run=edge.again("old binary"),
    )


def test_two_changes_at_once(edge: Edge, row: Callable[..., None]) -> None:
    texts = ["one of two", "other of two"]
    with ThreadPoolExecutor(2) as pool:
        done = dict(zip(texts, pool.map(edge.change, texts)))
    state = edge.state()
    green = [text for text in texts if done[text].code == 0]
    assert green, done
    assert state.settled
    assert state.served in green, (state, done)
    for one in done.values():
        assert one.failures == ()
        assert one.code == 0 or "is no longer live: another run made" in one.told, one
    row(
        "two changes at once",
        reports="one after the other; the overtaken one fails: generation NAME is no longer live",
        during="no fresh request failed",
        after="the generation of the last one, which is green",
        next_run=edge.again("one of two" if state.served != "one of two" else "other of two"),
    )


def test_a_change_waits_for_another(edge: Edge, row: Callable[..., None]) -> None:
    edge.host.start("flock", "/run/nginx-edge.lock", "sleep", "3")
    time.sleep(0.5)
    started = time.monotonic()
    done = edge.change("waited")
    assert done.code == 0, done
    assert time.monotonic() - started > 2
    row(
        "another run holds the lock",
        reports="waits for 60 s at most; then done",
        during="no fresh request failed",
        after="the new generation",
        next_run=edge.again("waited"),
    )


def test_the_clock_jumps(edge: Edge, row: Callable[..., None]) -> None:
    assert edge.change("a year ahead", "--ahead", "31536000").code == 0
    for text in ("set back", "and on"):
        assert edge.change(text).code == 0
    names = [line.split()[0] for line in edge.host.run("nginx-edge", "list").splitlines()[1:4]]
    assert edge.do("rollback").code == 0
    state = edge.state()
    assert (state.served, state.live) == ("set back", names[1])
    row(
        "the clock was a year ahead for one run, and is set back",
        reports="done",
        during="no fresh request failed",
        after="the new generation; a rollback leads to the one before, and the oldest are removed first",
        next_run=edge.again("set back"),
    )
