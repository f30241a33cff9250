# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts and places that a host gets, compared with the text that it gets."""

from __future__ import annotations

import dataclasses
import re
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
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.addresses import in_ascii
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.quote import quoted
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
    on_loopback = [one for one in listens if one[0].rpartition(":")[0] in ("", "127.0.0.1")]
    tls = [listener(one).port for one in on_loopback if "ssl" in one and "proxy_protocol" not in one]
    assert content.facts.tls_port == (tls[0] if tls else None)
    assert set(content.facts.pairs) == {path.rpartition("/")[0] for (path,) in words(content, "ssl_certificate")}
    assert list(content.facts.modules) == [path for (path,) in words(content, "load_module")]
    # For generations that an earlier version wrote.
    assert facts_in(content.files.values()) == dataclasses.replace(content.facts, sockets={})


@pytest.mark.case("F3")
@pytest.mark.parametrize(("case", "target"), CASES, ids=[f"{case.name}-{target}" for case, target in CASES])
def test_each_line_has_the_place_that_it_comes_from_or_none(case: Path, target: str) -> None:
    variables = yaml.safe_load((case / "model.yml").read_text(encoding="utf-8"))
    content = content_of(variables, target)
    for path, text in content.files.items():
        assert "\0" not in text
        for line, place in zip(text.splitlines(), places_of_lines(content, path)):
            assert_is_place_of(line, place, path, variables)


def places_of_lines(content: Content, path: str) -> list[str]:
    """The place of each line, as the host looks it up."""
    marks = content.places.get(path, [])
    numbers = range(1, len(content.files[path].splitlines()) + 1)
    return [next((place for first, place in reversed(marks) if first <= number), "") for number in numbers]


def assert_is_place_of(line: str, place: str, path: str, variables: dict[str, Any]) -> None:
    """Compare a place with what the line itself says."""
    words = line.replace(";", "").split()
    if not words:
        return
    found: Any = at(variables, place) if place else None
    if path.startswith("sites/"):
        name = in_ascii(place.partition("(")[2].partition(")")[0])
        assert path == f"sites/{name.replace('*', '+wildcard')}.conf", (line, place)
        assert found is not MISSING or place.endswith((".hidden_files", ".extra_directives")), (line, place)
        if words[0] == "server_name":
            # With redirect_aliases, the aliases have a separate server block.
            own = in_ascii(found["name"])
            aliases = {quoted(one) if one.startswith("~") else in_ascii(one) for one in found.get("aliases", [])}
            assert set(words[1:]) in ({own, *aliases}, {own}, aliases)
        is_location = words[0] == "location" and isinstance(found, dict) and re.search(r"\.locations\[\d+\]$", place)
        if is_location and not place.endswith(".auth_request"):
            assert found["path"].rstrip("/") in line.replace("\\\\", "\\"), (line, place)
    elif path.startswith("streams/"):
        assert f"({Path(path).stem})" in place
    elif path.endswith("upstreams.conf"):
        assert re.fullmatch(r"edge_upstreams\[\d+\] \(\S+\)", place)
        assert words[0] != "upstream" or words[1] == found["name"]
    elif place.startswith(("edge_rate_limits", "edge_connection_limits", "edge_caches")):
        assert (
            words[0] in ("#", "geo", "map", "}", "limit_req_zone", "limit_conn_zone", "proxy_cache_path")
            or line[8] != " "
        )
        assert words[0].endswith(("_zone", "_path")) <= (found["name"] in line)
    elif place and not place.endswith("extra_directives"):
        named = {"edge_modules": "load_module", "edge_trusted_proxies": "set_real_ip_from"}
        assert words[0] == named.get(place, place.removeprefix("edge_"))


MISSING = object()


def at(variables: dict[str, Any], place: str) -> Any:
    """What a model has at a place."""
    found: Any = variables
    for key, index, label in re.findall(r"([a-z_]+)|\[(\d+)\](?: \(([^)]*)\))?", place):
        try:
            found = found[int(index) if index else key]
        except (KeyError, IndexError, TypeError):
            return MISSING
        assert not label or str(found["name"]) == label
    return found


def test_directives_of_the_edge_have_places() -> None:
    content = content_of({"edge_sites": [SITE], "edge_resolver": ["127.0.0.53"], "edge_keepalive_timeout": "30s"})
    lines = content.files["nginx.conf"].splitlines()
    places = {line.split()[0]: place for line, place in zip(lines, places_of_lines(content, "nginx.conf")) if place}
    assert places["resolver"] == "edge_resolver"
    assert places["keepalive_timeout"] == "edge_keepalive_timeout"
    assert places["worker_connections"] == "edge_worker_connections"


def test_the_payload_carries_facts_and_places() -> None:
    content = content_of({"edge_sites": [SITE]})
    sent = unpack(pack(content))
    assert sent.facts == content.facts
    assert {path: [(number, place) for number, place in found] for path, found in sent.places.items()} == content.places


def test_text_after_a_block_has_no_place() -> None:
    limit = {"name": "api", "rate": "1r/s"}
    content = content_of({"edge_sites": [SITE], "edge_rate_limits": [limit]})
    lines = content.files["nginx.conf"].splitlines()
    end = next(index for index, line in enumerate(lines) if "proof of a reload" in line)
    assert places_of_lines(content, "nginx.conf")[end] == ""


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
