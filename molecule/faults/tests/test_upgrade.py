# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades of the packages that nginx comes from, which bring an nginx.conf of their own, while the edge serves.

The packages are made on the host from what is installed, with a higher version and another nginx.conf.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import (
    EDGES,
    GENERATIONS,
    Edge,
    State,
    all_watched,
    on_all,
    run,
)
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run

REPACK = r"""
old=$(dpkg-query --show --showformat '${Version}' nginx-common); new="$old+$1"
for package in nginx nginx-common; do
    folder=/root/repack/$package
    rm -rf "$folder"; mkdir -p "$folder/DEBIAN"
    dpkg-query --status $package | sed -e '/^Status:/d' -e '/^Conffiles:/d' -e '/^ \//d' -e "s/$old/$new/g" \
        > "$folder/DEBIAN/control"
    for part in preinst postinst prerm postrm conffiles triggers templates config; do
        [ ! -e "/var/lib/dpkg/info/$package.$part" ] || cp -p "/var/lib/dpkg/info/$package.$part" "$folder/DEBIAN/$part"
    done
    dpkg -L $package | while read -r path; do
        if [ "$path" = /etc/nginx/nginx.conf ]; then
            mkdir -p "$folder$(dirname "$path")"
            echo "events {} http { server { listen 80; return 200 package; } } # of version $new" > "$folder$path"
        elif [ -f "$path" ]; then
            mkdir -p "$folder$(dirname "$path")"; cp -a "$path" "$folder$path"
        fi
    done
    dpkg-deb --build "$folder" "/root/repack/$package.deb" >/dev/null
done
"""
INSTALL = (
    "DEBIAN_FRONTEND=noninteractive dpkg --force-conf{} -i /root/repack/nginx-common.deb /root/repack/nginx.deb 2>&1"
)


@dataclass(frozen=True)
class Upgraded:
    """The edges behind an upgrade, the next run, the edges at last, and what fresh connections got but an answer."""

    between: dict[str, State]
    next_run: Run
    after: dict[str, State]
    failures: dict[str, list[str]]


def upgraded(folder: Path, choice: str, text: str) -> Upgraded:
    assert run(folder, text).code == 0
    on_all(lambda edge: edge.host.run("bash", "-ec", REPACK, "bash", choice))
    with all_watched() as failures:
        on_all(lambda edge: edge.sh(INSTALL.format(choice)))
        between = on_all(Edge.state)
    return Upgraded(between, run(folder, text), on_all(Edge.state), failures)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Upgraded:
    return upgraded(tmp_path_factory.mktemp("kept"), "old", "served")


@pytest.fixture(scope="module")
def replaced(tmp_path_factory: pytest.TempPathFactory) -> Upgraded:
    return upgraded(tmp_path_factory.mktemp("replaced"), "new", "served")


@pytest.fixture
def edge(request: pytest.FixtureRequest) -> Edge:
    """No state of its own: an upgrade is about all edges at once."""
    found: Edge = request.param
    return found


all_edges = pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.system, indirect=True)


@all_edges
def test_an_upgrade_that_keeps_nginx_conf(kept: Upgraded, edge: Edge, row: Callable[..., None]) -> None:
    between, after = kept.between[edge.system], kept.after[edge.system]
    assert (between.served, between.settled) == ("served", True)
    assert kept.next_run.code == 0, kept.next_run
    assert (after.served, after.settled) == ("served", True)
    row(
        "the packages are upgraded under load, and nginx.conf is kept (dpkg's default without a terminal)",
        reports="done",
        during="no fresh request failed" if not kept.failures[edge.system] else "nothing while nginx starts anew",
        after="the same generation",
        sound=True,
        next_run="makes the change" if kept.next_run.changed[edge.container] else "finds nothing to do",
    )


@all_edges
def test_an_upgrade_that_replaces_nginx_conf(replaced: Upgraded, edge: Edge, row: Callable[..., None]) -> None:
    between, after = replaced.between[edge.system], replaced.after[edge.system]
    assert between.sound
    assert replaced.next_run.code == 0, replaced.next_run
    assert replaced.next_run.changed[edge.container] > 0
    assert any("changed by hand: " in line for line in replaced.next_run.advice[0])
    assert (after.served, after.settled) == ("served", True)
    assert edge.sh(f"grep -rl 'of version' {GENERATIONS}").strip(), "what the package wrote is kept for a look"
    row(
        "the packages are upgraded, and somebody has dpkg replace nginx.conf",
        reports="done; changed by hand: nginx.conf",
        during="nothing on TLS, until the next run" if replaced.failures[edge.system] else "no fresh request failed",
        after=f"{between.served}, until the next run",
        sound=True,
        next_run="mends it",
    )
