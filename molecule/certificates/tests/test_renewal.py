# SPDX-License-Identifier: GPL-3.0-or-later
"""The timer renews under load without a failed request; a failure is reported, and the old certificate stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.certificates.tests.scene import (
    SERVICE,
    TIMER,
    Edge,
    Note,
    Story,
    happens,
    run,
)

pytestmark = pytest.mark.feature("certificates")

SOON = f"/run/systemd/system/{TIMER}.d"
FIRE = f"""mkdir -p {SOON}
printf '[Timer]\nOnCalendar=\nOnActiveSec=1s\nRandomizedDelaySec=0\nAccuracySec=1s\n' >{SOON}/soon.conf
systemctl daemon-reload
systemctl restart {TIMER}"""
CALM = f"rm -r {SOON}; systemctl daemon-reload; systemctl restart {TIMER}"
PATIENCE = 120


def started(edge: Edge) -> str:
    """When the unit that renews was last started, and by what it may be."""
    return edge.shell(f"systemctl show {SERVICE} --property=ExecMainStartTimestampMonotonic,TriggeredBy")


def state(edge: Edge) -> str:
    return edge.shell(f"systemctl show --value {SERVICE} --property=ActiveState").strip()


def wait_for_the_timer(edge: Edge, before: str) -> str:
    """The state in which the unit ended after the timer had started it."""
    deadline = time.monotonic() + PATIENCE
    while started(edge) == before or state(edge) in {"active", "activating", "reloading", "deactivating"}:
        assert time.monotonic() < deadline, edge.shell(f"systemctl list-timers --all; systemctl status {SERVICE}; :")
        time.sleep(0.5)
    return state(edge)


@pytest.fixture(scope="module")
def fired(edges: list[Edge]) -> Iterator[dict[str, Story]]:
    """All certificates are due, and the timer is."""

    def fire() -> dict[str, tuple[str, str]]:
        before = {edge.suite: started(edge) for edge in edges}
        for edge in edges:
            edge.make_due()
            edge.shell(FIRE)
        return {edge.suite: (wait_for_the_timer(edge, before[edge.suite]), started(edge)) for edge in edges}

    try:
        yield happens(fire, edges)
    finally:
        for edge in edges:
            edge.not_due()
            edge.shell(CALM)


@pytest.fixture(scope="module")
def refused(fired: dict[str, Story], edges: list[Edge]) -> dict[str, Story]:
    """nginx would not take the configuration that is on disk: the hook must not reload."""
    assert fired

    def renew() -> dict[str, tuple[str, str]]:
        outcomes = {}
        for edge in edges:
            since = edge.shell("date '+%Y-%m-%d %H:%M:%S'").strip()
            edge.make_due()
            edge.shell("mv /etc/nginx/mime.types /etc/nginx/mime.types.gone")
            edge.host.attempt("systemctl", "start", SERVICE)
            outcomes[edge.suite] = (state(edge), edge.journal(SERVICE, since))
            edge.shell("mv /etc/nginx/mime.types.gone /etc/nginx/mime.types")
            edge.not_due()
        return outcomes

    return happens(renew, edges)


@pytest.fixture(scope="module")
def fixed(refused: dict[str, Story], edges: list[Edge], folder: Path) -> dict[str, Story]:
    """The next run of the playbook, of the same model."""
    assert refused
    return happens(lambda: run(folder), edges)


def test_the_timer_renews_under_load(edge: Edge, fired: dict[str, Story], note: Note) -> None:
    story = fired[edge.suite]
    note(story.told())
    ended, how = story.outcome
    assert ended == "inactive", edge.shell(f"journalctl --no-pager -n 60 -u {SERVICE}")
    assert f"TriggeredBy={TIMER}" in how
    assert story.during.count > 50
    assert story.during.failures == []
    assert story.before != story.after == edge.on_disk()
    assert story.went_over, story.told()


def test_a_hook_that_fails_is_loud_and_the_old_certificate_serves(
    edge: Edge, refused: dict[str, Story], note: Note
) -> None:
    story = refused[edge.suite]
    note(story.told())
    ended, journal = story.outcome
    assert ended == "failed", journal
    assert "mime.types" in journal
    assert story.during.failures == []
    assert story.during.shown == [story.before]
    assert story.before == story.after


def test_the_next_run_brings_it_into_service(edge: Edge, fixed: dict[str, Story], note: Note) -> None:
    story = fixed[edge.suite]
    note(story.told())
    assert (story.outcome.code, story.during.failures) == (0, []), story.outcome
    assert story.before != story.after == edge.on_disk()
