# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades of the packages that nginx comes from, which bring their own nginx.conf, while the edge serves.

The packages are made on the host from what is installed, with a higher version and another nginx.conf.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import (
    EDGES,
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


CHOICES = {"old": "is told to keep nginx.conf", "new": "is told to replace nginx.conf"}


@pytest.fixture(scope="module", params=CHOICES)
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Upgraded]:
    choice: str = request.param
    return choice, upgraded(tmp_path_factory.mktemp(choice), choice, "served")


@pytest.fixture
def edge(request: pytest.FixtureRequest) -> Edge:
    """No state: an upgrade is about all edges at once."""
    found: Edge = request.param
    return found


all_edges = pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.system, indirect=True)


@all_edges
def test_an_upgrade_leaves_the_link_alone(done: tuple[str, Upgraded], edge: Edge, row: Callable[..., None]) -> None:
    choice, came = done
    between, after = came.between[edge.system], came.after[edge.system]
    assert (between.served, between.settled) == ("served", True)
    assert came.next_run.code == 0, came.next_run
    assert (came.next_run.changed[edge.container], after) == (0, between)
    row(
        f"the packages of nginx are upgraded, with another nginx.conf, and dpkg {CHOICES[choice]}",
        reports="done; dpkg leaves the link alone",
        during="nothing while nginx starts anew" if came.failures[edge.system] else "no fresh request failed",
        watched=came.failures[edge.system],
        sound=[between.sound, after.sound],
        after="the same generation",
        next_run="finds nothing to do",
    )
