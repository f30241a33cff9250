# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates change with the run that asks for it: not with one that fails, and not only on disk."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from ansible_collections.hardened.nginx_edge.molecule.refusals.tests.cases import EDGES, site_of
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import MODEL_ALONE, Run, run_site
from ansible_collections.hardened.nginx_edge.tools.traffic import Client

RSA = {"edge_certificates": [{"name": "{{ server_name }}", "source": "self_signed", "key_type": "rsa"}]}
SERVED = (
    "openssl s_client -connect 127.0.0.1:443 -servername {name} </dev/null 2>/dev/null | openssl x509 -noout -serial"
)
ON_DISK = "openssl x509 -noout -serial -in /etc/nginx/tls/{name}/fullchain.pem"
BY_HAND = """cd /etc/nginx/tls/.pairs/{name}
cp -rL ../../{name} by-hand
openssl x509 -in by-hand/fullchain.pem -signkey by-hand/privkey.pem -set_serial 77 -days 90 -out other.pem
mv other.pem by-hand/fullchain.pem
ln -sfn .pairs/{name}/by-hand ../../{name}"""
"""Puts another pair in place, and leaves nginx with the one that it has: so does a run that dies before its reload."""


class Serials(NamedTuple):
    """Of an edge's certificate."""

    served: str
    on_disk: str


class Replaced(NamedTuple):
    """A run that is refused, a good one, and one behind a pair that was put in place by hand.

    :param serials: before the first, and after each of the three; by edge.
    """

    refused: Run
    good: Run
    after_hand: Run
    serials: list[dict[str, Serials]]


def sh(edge: str, script: str) -> str:
    return Client(edge).run("sh", "-ec", script.format(name=site_of(edge)))


def serials() -> dict[str, Serials]:
    return {edge: Serials(sh(edge, SERVED), sh(edge, ON_DISK)) for edge in EDGES}


@pytest.fixture(scope="module")
def replaced(tmp_path_factory: pytest.TempPathFactory) -> Replaced:
    folder: Path = tmp_path_factory.mktemp("certificates")
    seen = [serials()]
    refused = run_site(*MODEL_ALONE, variables={**RSA, "edge_extra_directives": "misspelt on;"}, folder=folder)
    seen.append(serials())
    good = run_site(*MODEL_ALONE, variables=RSA, folder=folder)
    seen.append(serials())
    for edge in EDGES:
        sh(edge, BY_HAND)
    after_hand = run_site(*MODEL_ALONE, variables=RSA, folder=folder)
    seen.append(serials())
    return Replaced(refused, good, after_hand, seen)


@pytest.mark.parametrize("edge", EDGES)
class TestReplaced:
    """A key type that changes beside a directive that nginx refuses."""

    def test_a_refused_run_leaves_what_is_served_and_what_is_on_disk(self, replaced: Replaced, edge: str) -> None:
        assert 'unknown directive "misspelt"' in replaced.refused.failures[edge], replaced.refused
        before, between, *_after = replaced.serials
        assert before[edge] == between[edge]
        assert before[edge].served == before[edge].on_disk != ""

    @pytest.mark.feature("certificates")
    def test_a_good_run_serves_what_it_replaces(self, replaced: Replaced, edge: str) -> None:
        assert (replaced.good.code, replaced.good.changed[edge] > 0) == (0, True), replaced.good
        _before, between, after, _last = replaced.serials
        assert after[edge].served == after[edge].on_disk != between[edge].served

    def test_clients_get_what_is_on_disk_though_nothing_else_changed(self, replaced: Replaced, edge: str) -> None:
        assert (replaced.after_hand.code, replaced.after_hand.changed[edge] > 0) == (0, True), replaced.after_hand
        served, on_disk = replaced.serials[-1][edge]
        assert served == on_disk == "serial=4D\n"
