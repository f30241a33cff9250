# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate that a failed run has put in place is served by the next good run, though nothing else changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.refusals.tests.cases import EDGES
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run, run_site
from ansible_collections.hardened.nginx_edge.tools.traffic import Client

RSA = {"edge_certificates": [{"name": "{{ server_name }}", "source": "self_signed", "key_type": "rsa"}]}
SERVED = (
    "openssl s_client -connect 127.0.0.1:443 -servername {name} </dev/null 2>/dev/null | openssl x509 -noout -serial"
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    folder: Path = tmp_path_factory.mktemp("certificates")
    refused = run_site(variables={**RSA, "edge_extra_directives": "misspelt on;"}, folder=folder)
    return refused, run_site(variables=RSA, folder=folder)


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.feature("certificates")
def test_clients_get_what_is_on_disk(runs: tuple[Run, Run], edge: str) -> None:
    refused, good = runs
    name = edge.removeprefix("refusal-") + ".test"
    assert 'unknown directive "misspelt"' in refused.failures[edge], refused
    assert (good.code, good.changed[edge] > 0) == (0, True), good
    on_disk = Client(edge).run("openssl", "x509", "-noout", "-serial", "-in", f"/etc/nginx/tls/{name}/fullchain.pem")
    assert Client(edge).run("sh", "-c", SERVED.format(name=name)) == on_disk
