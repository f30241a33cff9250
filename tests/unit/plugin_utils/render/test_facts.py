# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts and places that a host gets, compared with the text that it gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import (
    Content,
    Facts,
    pack,
    unpack,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.earlier import facts_in
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.sockets import Listener
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import build
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.render.files import digest
from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, TEMPLATES, planned
from ansible_collections.hardened.nginx_edge.tests.unit.whole.test_golden import CASES
from ansible_collections.hardened.nginx_edge.tools.nginx_text import Statement, statements

SITE = {"name": "a.example", "https": False, "locations": [{"path": "/", "return": {"status": 204}}]}


def content_of(variables: dict[str, Any], target: str = "trixie") -> Content:
    found = planned(variables, TARGETS[target])
    assert found.problems == ()
    return build(found.edge, TARGETS[target], TEMPLATES, lambda password, salt: f"$6${salt}${password}").content


def written(content: Content) -> list[Statement]:
    return [one for text in content.files.values() for one in statements(text)]


def words(content: Content, directive: str) -> list[list[str]]:
    return [one.text.split()[1:] for one in written(content) if one.text.split()[0] == directive]


def listener(parameters: list[str]) -> Listener:
    """The socket of a ``listen`` directive as this collection writes it."""
    address, _separator, port = parameters[0].rpartition(":")
    return Listener(address.strip("[]") or "0.0.0.0", int(port), bool({"udp", "quic"} & set(parameters)))


@pytest.mark.parametrize(("case", "target"), CASES, ids=[f"{case.name}-{target}" for case, target in CASES])
def test_the_facts_are_those_of_the_text(case: Path, target: str) -> None:
    content = content_of(yaml.safe_load((case / "model.yml").read_text(encoding="utf-8")), target)
    listens = words(content, "listen")
    assert set(content.facts.listeners) == {listener(one) for one in listens}
    tls = [listener(one).port for one in listens if "ssl" in one and "proxy_protocol" not in one]
    assert content.facts.tls_port == (tls[0] if tls else None)
    assert set(content.facts.pairs) == {path.rpartition("/")[0] for (path,) in words(content, "ssl_certificate")}
    assert list(content.facts.modules) == [path for (path,) in words(content, "load_module")]
    assert facts_in(content.files.values()) == content.facts  # for generations that an earlier version wrote


@pytest.mark.parametrize(("case", "target"), CASES, ids=[f"{case.name}-{target}" for case, target in CASES])
def test_each_visible_place_is_known(case: Path, target: str) -> None:
    """The comment above a block shows its place in the model; the host gets the same place as data."""
    content = content_of(yaml.safe_load((case / "model.yml").read_text(encoding="utf-8")), target)
    for path, text in content.files.items():
        shown = [
            (number, line.strip()[2:])
            for number, line in enumerate(text.splitlines(), start=1)
            if line.strip().startswith("# edge_")
        ]
        assert [one for one in content.places.get(path, []) if one in shown] == shown
        assert "\0" not in text


def test_the_payload_carries_facts_and_places() -> None:
    content = content_of({"edge_sites": [SITE]})
    sent = unpack(pack(content))
    assert sent.facts == content.facts
    assert {path: [(number, place) for number, place in found] for path, found in sent.places.items()} == content.places


def test_text_after_a_block_has_no_place() -> None:
    limit = {"name": "api", "rate": "1r/s"}
    content = content_of({"edge_sites": [SITE], "edge_rate_limits": [limit]})
    lines = content.files["nginx.conf"].splitlines()
    places = dict(content.places["nginx.conf"])
    end = next(number for number, line in enumerate(lines, start=1) if "proof of a reload" in line)
    assert places[end] == ""


@pytest.mark.parametrize(
    ("directive", "expected"),
    [
        ("listen 8081 default_server;", Listener("0.0.0.0", 8081, False)),
        ("listen *:81;", Listener("0.0.0.0", 81, False)),
        ("listen [::]:8443 ssl;", Listener("::", 8443, False)),
        ("listen '8443' quic reuseport;", Listener("0.0.0.0", 8443, True)),
        ("listen 10.0.0.1;", Listener("10.0.0.1", 80, False)),
    ],
)
def test_raw_servers_count(directive: str, expected: Listener) -> None:
    raw = f"server {{ {directive} ssl_certificate /etc/nginx/tls/own/fullchain.pem; }}"
    with_raw = content_of({"edge_sites": [SITE], "edge_extra_directives": raw}).facts
    without = content_of({"edge_sites": [SITE]}).facts
    assert set(with_raw.listeners) - set(without.listeners) == {expected}
    assert with_raw.pairs == ("/etc/nginx/tls/own",)


def test_raw_unix_sockets_names_and_comments_are_left_to_nginx() -> None:
    raw = "server { listen unix:/run/a.sock; listen localhost:80;\n# listen 99;\n}"
    with_raw = content_of({"edge_sites": [SITE], "edge_extra_directives": raw}).facts
    assert with_raw == content_of({"edge_sites": [SITE]}).facts


def test_facts_change_the_digest() -> None:
    """A generation that an earlier version wrote without facts is replaced."""
    content = content_of({"edge_sites": [SITE]})
    assert content.facts != Facts()
    assert content.digest != digest(content.files, Facts())
