# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs that an edge must refuse, and the words in which it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges

EDGES = edges()
TRIXIE = "refusal-trixie"
TAKEN_PORT = 9099

API = {"path": "/api/", "upstream": "api"}
FIXED = {"path": "/fixed", "match": "exact", "return": {"status": 200, "text": "another model"}}


def sites(*locations: Mapping[str, Any], **options: Any) -> list[dict[str, Any]]:
    return [{"name": "{{ server_name }}", "locations": list(locations), **options}]


def provided(fullchain: str, privkey: str) -> list[dict[str, Any]]:
    return [{"name": "{{ server_name }}", "source": "provided", "fullchain": fullchain, "privkey": privkey}]


def site_of(edge: str) -> str:
    return edge.removeprefix("refusal-") + ".test"


@dataclass(frozen=True)
class Case:
    """An input that must be refused.

    :param told: what the message of the failed task has to hold; NAME in it is that of the edge's site.
    :param variables: for all edges. FOLDER, in them and in ``told``, is a folder of the test's own.
    :param host_variables: edge -> variables of that edge alone.
    :param refused_by: the edges whose run fails.
    :param fault: what it is called in docs/reference/reliability.md; empty where the controller refuses it.
    :param at_reload: nginx takes it on disk and refuses it in memory, so the run goes there and back again.
    """

    name: str
    told: tuple[str, ...]
    variables: Mapping[str, Any]
    host_variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    refused_by: tuple[str, ...] = EDGES
    port_taken: bool = False
    at_reload: bool = False
    fault: str = ""


CASES = (
    Case(
        "missing_brace",
        (
            "1 error in the model of the edge; nothing was changed:",
            "edge_sites[0] (NAME).extra_directives: does not close a block;",
        ),
        {"edge_sites": sites(API, FIXED, extra_directives="if ($request_method = TRACE) {\n  return 405;")},
    ),
    Case(
        "misspelt_directive",
        (
            "edge_sites[0] (NAME).locations[0].extra_directives: nginx says: ",
            'unknown directive "proxy_bufering" (',
            ": proxy_bufering off;)",
        ),
        {"edge_sites": sites({**API, "extra_directives": "proxy_bufering off;"}, FIXED)},
    ),
    Case(
        "taken_port",
        (f"0.0.0.0:{TAKEN_PORT}/tcp cannot be bound: Address already in use (python3, process ",),
        {"edge_http_port": TAKEN_PORT},
        port_taken=True,
        fault="a port is taken by another program",
    ),
    Case(
        "unknown_upstream_host",
        ("edge_upstreams[0] (api): nginx says: host not found in upstream", "nosuch.invalid:3001"),
        {"edge_upstreams": [{"name": "api", "servers": [{"address": "nosuch.invalid:3001"}]}]},
        fault="the name of a new upstream cannot be resolved",
    ),
    Case(
        "missing_certificate_file",
        (
            "1 error in the model of the edge; nothing was changed:",
            "edge_certificates[0] (NAME).fullchain: the controller has no file FOLDER/absent.pem",
        ),
        {"edge_certificates": provided("FOLDER/absent.pem", "FOLDER/one.key")},
    ),
    Case(
        "key_of_another_certificate",
        (
            "1 error in the model of the edge; nothing was changed:",
            "edge_certificates[0] (NAME).privkey: the private key does not match the certificate",
        ),
        {"edge_certificates": provided("FOLDER/one.pem", "FOLDER/other.key")},
    ),
    Case(
        "several_errors",
        (
            "3 errors in the model of the edge; nothing was changed:",
            "edge_sites[0] (NAME).locations[0].upstream: 'apo' is not in edge_upstreams (api); did you mean 'api'?",
            "edge_sites[0] (NAME).locations[1].retrun: ",
            "edge_tls_policy: 'modrn'",
        ),
        {
            "edge_sites": sites({"path": "/api/", "upstream": "apo"}, {"path": "/fixed", "retrun": {}, "root": "/srv"}),
            "edge_tls_policy": "modrn",
        },
    ),
    Case(
        "one_edge_wrong",
        (
            "1 error in the model of the edge; nothing was changed:",
            "edge_upstreams[0] (api).servers[0].weight: ",
        ),
        {"edge_sites": sites(API, FIXED)},
        {TRIXIE: {"edge_upstreams": [{"name": "api", "servers": [{"address": "10.213.79.20:3001", "weight": 0}]}]}},
        refused_by=(TRIXIE,),
    ),
    Case(
        "restart_not_allowed",
        (
            "nginx listens on 127.0.0.1:8099/tcp and cannot change to 0.0.0.0:8099/tcp by a reload",
            "set edge_allow_restart: true",
        ),
        {"edge_extra_directives": "server {\n    listen 8099;\n    return 204;\n}\n"},
        fault="a listener moves between an address and the wildcard",
    ),
    Case(
        "zone_with_another_key",
        (
            "nginx did not load generation ",
            "the edge was rolled back to ",
            'limit_req "team" uses the "$server_name" key while previously it used the "$binary_remote_addr" key',
        ),
        {
            "edge_extra_directives": "limit_req_zone $server_name zone=team:1m rate=10r/s;\n",
            "edge_reload_timeout": 5,
        },
        at_reload=True,
        fault="a zone of one's own keeps its name with another key, and the playbook runs",
    ),
)
