# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate that a failed run has put in place is served by the next good run, though nothing else changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.refusals.tests.cases import EDGES, site_of
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import MODEL_ALONE, Run, run_site
from ansible_collections.hardened.nginx_edge.tools.traffic import Client

RSA = {"edge_certificates": [{"name": "{{ server_name }}", "source": "self_signed", "key_type": "rsa"}]}
SERVED = (
    "openssl s_client -connect 127.0.0.1:443 -servername {name} </dev/null 2>/dev/null | openssl x509 -noout -serial"
)


@dataclass(frozen=True)
class Replaced:
    """A run that fails, a good one, and edge -> serial served before, after the first, and after the second."""

    refused: Run
    good: Run
    served: Sequence[Mapping[str, str]]


def served() -> dict[str, str]:
    return {edge: Client(edge).run("sh", "-c", SERVED.format(name=site_of(edge))) for edge in EDGES}


@pytest.fixture(scope="module")
def replaced(tmp_path_factory: pytest.TempPathFactory) -> Replaced:
    folder: Path = tmp_path_factory.mktemp("certificates")
    before = served()
    refused = run_site(*MODEL_ALONE, variables={**RSA, "edge_extra_directives": "misspelt on;"}, folder=folder)
    between = served()
    good = run_site(*MODEL_ALONE, variables=RSA, folder=folder)
    return Replaced(refused, good, (before, between, served()))


@pytest.mark.parametrize("edge", EDGES)
class TestReplaced:
    """A key type that changes beside a directive that nginx refuses."""

    def test_a_refused_run_leaves_what_is_served(self, replaced: Replaced, edge: str) -> None:
        assert 'unknown directive "misspelt"' in replaced.refused.failures[edge], replaced.refused
        before, between, _after = replaced.served
        assert before[edge] == between[edge] != ""

    @pytest.mark.feature("certificates")
    def test_clients_get_what_is_on_disk(self, replaced: Replaced, edge: str) -> None:
        assert (replaced.good.code, replaced.good.changed[edge] > 0) == (0, True), replaced.good
        pair = f"/etc/nginx/tls/{site_of(edge)}/fullchain.pem"
        on_disk = Client(edge).run("openssl", "x509", "-noout", "-serial", "-in", pair)
        _before, between, after = replaced.served
        assert after[edge] == on_disk != between[edge]
